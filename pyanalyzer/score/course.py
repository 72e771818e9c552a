"""The Comparator, second half: places and candidates in their course over time, to an answer.

Which of two figures that turn is the player's can only be told by what each of them has done
before and does after. So every place is first seen over time, by itself; then all places together;
and then the places are looked at once more, with the question that the whole picture's course
leaves open.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pyanalyzer.records import CAUSES, KINDS, MAX_PROPOSALS
from pyanalyzer.score.features import GLOBAL_FEATURES

_DROPOUT = 0.1
_KEY_WIDTH = 16  # of one head: what a place is asked for is a matter of a few features


class Heads(NamedTuple):
    """Log-probabilities: (B, T, 1 + len(CAUSES)) of no onset, the player's, the world's; (B, T,
    len(KINDS)); (B, T, 1 + MAX_PROPOSALS) of which candidate carries it, the whole picture first;
    (B, T, P) of the place at which it is, row by row."""

    cause_onset: Tensor
    kind: Tensor
    candidate: Tensor
    place: Tensor


class PlaceBlock(nn.Module):
    """Residual dilated convolution over time at every place by itself.

    Input and output float (B, T, P, width). As :class:`TemporalBlock`, with one set of weights for
    all places; in memory the channels lie last, so that nothing is copied.
    """

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.dilated = nn.Conv2d(
            width, width, (3, 1), padding=(dilation, 0), dilation=(dilation, 1)
        )
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(_DROPOUT)
        _begin_as_nothing(self.mix)

    def forward(self, x: Tensor) -> Tensor:
        seen: Tensor = self.dilated(self.norm(x).permute(0, 3, 1, 2))
        out: Tensor = x + self.dropout(self.mix(torch.relu(seen.permute(0, 2, 3, 1))))
        return out


class ChannelNorm(nn.LayerNorm):
    """Normalises (B, C, T) over each frame's channels: the length of a chunk changes nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class TemporalBlock(nn.Module):
    """Residual dilated convolution over time (WaveNet, van den Oord et al. 2016; not causal)."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilated = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.norm = ChannelNorm(width)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.dilated(self.norm(x)))
        out: Tensor = x + self.dropout(self.mix(y))
        return out


class PlaceAttention(nn.Module):
    """Looks at the places with a question (attention over places, Vaswani et al. 2017).

    ``question`` float (B, T, width), ``places`` (B, T, P, place_width). Returns what the heads saw,
    (B, T, place_width), and the first head's log-attention (B, T, P).
    """

    def __init__(self, width: int, place_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, heads * _KEY_WIDTH)
        self.key = nn.Linear(place_width, heads * _KEY_WIDTH)
        self.value = nn.Linear(place_width, place_width)

    def forward(self, question: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        b, t, p, width = places.shape
        query = self.query(question).view(b, t, self.heads, 1, _KEY_WIDTH)
        key = self.key(places).view(b, t, p, self.heads, _KEY_WIDTH).transpose(2, 3)
        value = self.value(places).view(b, t, p, self.heads, width // self.heads).transpose(2, 3)
        logits = (query * key).sum(dim=4) / _KEY_WIDTH**0.5  # (B, T, heads, P)
        log_attention = torch.log_softmax(logits, dim=3)
        seen = (log_attention.exp().unsqueeze(4) * value).sum(dim=3)
        return seen.flatten(2), log_attention[:, :, 0]


class CourseComparator(nn.Module):
    """Places, candidates and the view over as many frames to either side as all dilations are
    together, to :class:`Heads`.

    ``heads`` 0 leaves out the second look: then nothing is asked of the places, and ``place`` is
    even. All that ``place_dilations``, ``heads`` and ``last_dilations`` add to a network begins as
    nothing at all, so that a trained network without them can be grown by them
    (:mod:`pyanalyzer.score.grow`).
    """

    def __init__(
        self,
        place_width: int,
        candidate_width: int,
        width: int,
        *,
        dilations: tuple[int, ...],
        place_dilations: tuple[int, ...] = (),
        heads: int = 0,
        last_dilations: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        vectors = 2 * place_width + 2 * candidate_width + 2 * len(GLOBAL_FEATURES)
        self.enter = nn.Sequential(nn.Conv1d(vectors, width, 1), nn.ReLU(inplace=True))
        # Without the last norm the residual sum grows without bound, and the logits with it.
        self.blocks = nn.Sequential(
            *(TemporalBlock(width, d) for d in dilations), ChannelNorm(width)
        )
        self.cause_onset = nn.Conv1d(width, 1 + len(CAUSES), 1)
        self.kind = nn.Conv1d(width, len(KINDS), 1)
        self.whole = nn.Conv1d(width, 1, 1)
        self.query = nn.Conv1d(width, candidate_width, 1)
        self.places = nn.Sequential(*(PlaceBlock(place_width, d) for d in place_dilations))
        self.look: PlaceAttention | None = None
        if heads:
            self.look = PlaceAttention(width, place_width, heads)
            self.again = nn.Conv1d(place_width + candidate_width, width, 1)
            _begin_as_nothing(self.again)
        last = [TemporalBlock(width, d) for d in last_dilations]
        for block in last:
            _begin_as_nothing(block.mix)
        self.last = nn.Sequential(*last)

    def forward(
        self, places: Tensor, frame_globals: Tensor, candidates: Tensor, present: Tensor
    ) -> Heads:
        """``places`` (B, T, P, place_width), ``frame_globals`` (B, T, G), ``candidates`` (B, T,
        MAX_PROPOSALS, candidate_width), ``present`` bool (B, T, MAX_PROPOSALS)."""
        places = self.places(places)
        change = torch.diff(frame_globals, dim=1, prepend=frame_globals[:, :1])
        vectors = (
            places.mean(dim=2),
            places.amax(dim=2),
            candidates.mean(dim=2),
            candidates.amax(dim=2),
            frame_globals,
            change,
        )
        *blocks, norm = self.blocks
        x = self.enter(torch.cat(vectors, dim=2).transpose(1, 2))
        for block in blocks:
            x = block(x)
        place = places.new_zeros(places.shape[:3]) - math.log(places.shape[2])
        if self.look is not None:
            question = norm(x)
            seen, place = self.look(question.transpose(1, 2), places)
            candidate = self._point(question, candidates, present)
            carried = (candidate[:, :, 1:].exp().unsqueeze(3) * candidates).sum(dim=2)
            x = x + self.again(torch.cat([seen, carried], dim=2).transpose(1, 2))
        x = norm(self.last(x))
        candidate = self._point(x, candidates, present)
        heads = (self.cause_onset(x).transpose(1, 2), self.kind(x).transpose(1, 2))
        cause_onset, kind = (torch.log_softmax(head, dim=2) for head in heads)
        return Heads(cause_onset, kind, candidate, place)

    def _point(self, x: Tensor, candidates: Tensor, present: Tensor) -> Tensor:
        """Log-probabilities (B, T, 1 + MAX_PROPOSALS): the whole picture, then the candidates."""
        query = self.query(x).transpose(1, 2).unsqueeze(3)
        pointed = (candidates @ query).squeeze(3) / candidates.shape[3] ** 0.5
        pointed = pointed.masked_fill(~present, -1e4)
        logits = torch.cat([self.whole(x).transpose(1, 2), pointed], dim=2)
        assert logits.shape[2] == 1 + MAX_PROPOSALS
        return torch.log_softmax(logits, dim=2)


def _begin_as_nothing(layer: nn.Conv1d | nn.Linear) -> None:
    """A residual branch that ends in this layer adds nothing until it has learned to."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
