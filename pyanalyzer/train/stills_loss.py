"""The losses of the network for stills."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pyanalyzer.score.stills import StillsInputs, StillsOutputs

CELL_PX = 4
_CELL_CHANGED_PX = 2  # of its 16: with fewer a cell is not called changed
_REFERENCE_PX = 400.0  # a change of this area has weight 1
_WEIGHTS = (0.5, 3.0)  # of the pixels of the largest and the smallest change


class StillsBatch(NamedTuple):
    """``labels``: int64 (B, h, w), -1 where nothing is asked; ``boxes``: float32 (B, N, 4), left,
    top, right, bottom in px by label."""

    inputs: StillsInputs
    labels: Tensor
    boxes: Tensor


def stills_losses(outputs: StillsOutputs, batch: StillsBatch) -> dict[str, Tensor]:
    """``mask``: cross-entropy and Dice (Milletari et al. 2016) over pixels; ``cell``:
    cross-entropy; ``box``: 1 - generalised IoU (Rezatofighi et al. 2019), each change alike;
    ``total``: their weighted sum.

    Pixels of small changes weigh more, those of large ones less: each change is to be found.
    """
    labels = batch.labels
    asked = (labels >= 0).float()
    changed = (labels > 0).float()
    weight = asked * _instance_weights(labels)
    entropy = F.binary_cross_entropy_with_logits(outputs.mask, changed, reduction="none")
    entropy = (entropy * weight).sum() / weight.sum().clamp(min=1)
    chance = torch.sigmoid(outputs.mask)
    both = (chance * changed * weight).sum()
    dice = 1 - (2 * both + 1) / (((chance + changed) * weight).sum() + 1)

    cell_labels = F.max_pool2d(labels.float()[:, None], CELL_PX)[:, 0].long()
    count = F.avg_pool2d(changed[:, None], CELL_PX)[:, 0] * CELL_PX**2
    cell_changed = (count >= _CELL_CHANGED_PX).float()
    cell_asked = -F.max_pool2d(-asked[:, None], CELL_PX)[:, 0]
    cell_weight = cell_asked * F.max_pool2d(weight[:, None], CELL_PX)[:, 0]
    cell = F.binary_cross_entropy_with_logits(outputs.changed, cell_changed, reduction="none")
    cell = (cell * cell_weight).sum() / cell_weight.sum().clamp(min=1)
    box = _box_loss(outputs.sides_px, cell_labels * (cell_changed > 0), batch.boxes)
    total = 4 * entropy + dice + 4 * cell + 0.5 * box
    return {"total": total, "mask": entropy, "dice": dice, "cell": cell, "box": box}


def _instance_weights(labels: Tensor) -> Tensor:
    """Per pixel: 1 where nothing changed, more on small changes and less on large ones."""
    positive = labels.clamp(min=0)
    most = int(positive.max()) + 1
    flat = positive.flatten(1)
    areas = torch.zeros(len(flat), most).scatter_add_(1, flat, torch.ones_like(flat).float())
    weights = (_REFERENCE_PX / areas.clamp(min=1)).sqrt().clamp(*_WEIGHTS)
    weights[:, 0] = 1.0
    return weights.gather(1, flat).view_as(labels)


def _box_loss(sides_px: Tensor, cell_labels: Tensor, boxes: Tensor) -> Tensor:
    image, row, column = torch.nonzero(cell_labels > 0, as_tuple=True)
    if len(image) == 0:
        return sides_px.sum() * 0
    number = cell_labels[image, row, column]
    truth = boxes[image, number]
    x, y = (column + 0.5) * CELL_PX, (row + 0.5) * CELL_PX
    left, top, right, bottom = sides_px[image, :, row, column].unbind(1)
    said = torch.stack([x - left, y - top, x + right, y + bottom], 1)
    low, high = torch.maximum(said[:, :2], truth[:, :2]), torch.minimum(said[:, 2:], truth[:, 2:])
    both = (high - low).clamp(min=0).prod(1)
    areas = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(1) for b in (said, truth)]
    union = areas[0] + areas[1] - both
    hull_low = torch.minimum(said[:, :2], truth[:, :2])
    hull_high = torch.maximum(said[:, 2:], truth[:, 2:])
    hull = (hull_high - hull_low).prod(1).clamp(min=1)
    loss = 1 - both / union.clamp(min=1) + (hull - union) / hull
    key = image * boxes.shape[1] + number
    cells = torch.bincount(key, minlength=int(key.max()) + 1).float()
    per_change = 1 / cells[key]
    return (loss * per_change).sum() / per_change.sum()
