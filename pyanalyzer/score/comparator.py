"""The Comparator: features before and after each frame to log-probabilities of an onset there."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pyanalyzer.records import CAUSES, KINDS, MAX_PROPOSALS
from pyanalyzer.score.extractor import ShiftBlock, conv
from pyanalyzer.score.features import GLOBAL_FEATURES, PROPOSAL_FEATURES

# Frames that make up the picture of "before" and of "after"; t itself is the first of "after".
SIDE_FRAMES = 3


class SideComparator(nn.Module):
    """Compares feature maps of the frames before with those of the frames after, at every place.

    Both sides pass through the same weights, each told from its own side of the change outwards:
    before = frames t-1, t-2, t-3; after = frames t, t+1, t+2. Input float (B, T, width, R, C),
    output float (B, T, 2 * out_width): the mean and the maximum over places.
    """

    def __init__(self, width: int, out_width: int, blocks: int) -> None:
        super().__init__()
        self.side = nn.Sequential(nn.Conv2d(SIDE_FRAMES * width, width, 1), nn.ReLU(inplace=True))
        self.compare = conv(3 * width, out_width, stride=2)
        self.blocks = nn.Sequential(*(ShiftBlock(out_width) for _ in range(blocks)))
        self.context_frames = SIDE_FRAMES + blocks * ShiftBlock.context_frames

    def forward(self, maps: Tensor) -> Tensor:
        b, t, width, rows, cols = maps.shape
        # Outside the clip the nearest frame stands in: nothing changes there.
        first = maps[:, :1].expand(b, SIDE_FRAMES, width, rows, cols)
        last = maps[:, -1:].expand(b, SIDE_FRAMES - 1, width, rows, cols)
        padded = torch.cat([first, maps, last], dim=1)

        def side(offsets: range) -> Tensor:
            frames = [padded[:, SIDE_FRAMES + o : SIDE_FRAMES + o + t] for o in offsets]
            stacked = torch.cat(frames, dim=2).flatten(0, 1)
            out: Tensor = self.side(stacked.contiguous(memory_format=torch.channels_last))
            return out

        before, after = side(range(-1, -1 - SIDE_FRAMES, -1)), side(range(SIDE_FRAMES))
        compared = self.compare(torch.cat([before, after, (after - before).abs()], dim=1))
        compared = self.blocks(compared.view(b, t, *compared.shape[1:]))
        return torch.cat([compared.mean(dim=(3, 4)), compared.amax(dim=(3, 4))], dim=2)


class CandidateComparator(nn.Module):
    """Compares each candidate's crop before and after. Output float (N, MAX_PROPOSALS, width)."""

    def __init__(self, crop_width: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3 * crop_width + len(PROPOSAL_FEATURES), width),
            nn.ReLU(inplace=True),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
        )

    def forward(self, before: Tensor, after: Tensor, proposals: Tensor) -> Tensor:
        inputs = [before, after, (after - before).abs(), proposals]
        present = proposals[..., :1]
        out: Tensor = self.layers(torch.cat(inputs, dim=-1)) * present
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
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.dilated(self.norm(x)))
        out: Tensor = x + self.dropout(self.mix(y))
        return out


class TemporalComparator(nn.Module):
    """Frame vectors in their context of ``context_frames`` to either side, to log-probabilities."""

    def __init__(self, inputs: int, candidate_width: int, width: int, dilations: tuple[int, ...]):
        super().__init__()
        self.context_frames = sum(dilations)
        self.enter = nn.Sequential(
            nn.Conv1d(inputs + 2 * len(GLOBAL_FEATURES), width, 1), nn.ReLU(inplace=True)
        )
        # Without the last norm the residual sum grows without bound, and the logits with it.
        self.blocks = nn.Sequential(
            *(TemporalBlock(width, d) for d in dilations), ChannelNorm(width)
        )
        self.cause_onset = nn.Conv1d(width, 1 + len(CAUSES), 1)
        self.kind = nn.Conv1d(width, len(KINDS), 1)
        self.whole = nn.Conv1d(width, 1, 1)
        self.query = nn.Conv1d(width, candidate_width, 1)

    def forward(
        self, vectors: Tensor, frame_globals: Tensor, candidates: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``vectors`` (B, T, inputs), ``frame_globals`` (B, T, G), ``candidates`` (B, T,
        MAX_PROPOSALS, candidate_width), ``present`` bool (B, T, MAX_PROPOSALS). Returns
        log-probabilities (B, T, 3), (B, T, len(KINDS)), (B, T, 1 + MAX_PROPOSALS)."""
        change = torch.diff(frame_globals, dim=1, prepend=frame_globals[:, :1])
        stacked = torch.cat([vectors, frame_globals, change], dim=2).transpose(1, 2)
        x = self.blocks(self.enter(stacked))
        query = self.query(x).transpose(1, 2).unsqueeze(3)
        pointed = (candidates @ query).squeeze(3) / candidates.shape[3] ** 0.5
        pointed = pointed.masked_fill(~present, -1e4)
        candidate = torch.cat([self.whole(x).transpose(1, 2), pointed], dim=2)
        assert candidate.shape[2] == 1 + MAX_PROPOSALS
        heads = (self.cause_onset(x).transpose(1, 2), self.kind(x).transpose(1, 2), candidate)
        cause_onset, kind, which = (torch.log_softmax(head, dim=2) for head in heads)
        return cause_onset, kind, which
