"""Clips as other games might have shown them: what is told of them stays true."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pyanalyzer.records import CROP_PX, MAX_PROPOSALS
from pyanalyzer.score.features import GLOBAL_FEATURES, MAP_CHANNELS, PROPOSAL_FEATURES
from pyanalyzer.train import pad, vary

Clip = dict[str, torch.Tensor]


@pytest.fixture
def clip() -> Clip:
    rng = np.random.default_rng(5)
    proposals = rng.uniform(-0.9, 0.9, (10, MAX_PROPOSALS, len(PROPOSAL_FEATURES)))
    proposals[..., 0] = rng.integers(0, 2, proposals.shape[:2])
    proposals *= proposals[..., :1]
    # From 1 on: 0 and 1 mirror to the same byte.
    maps = rng.integers(1, 256, (10, len(MAP_CHANNELS), 6, 8), dtype=np.uint8)
    crops = rng.integers(0, 256, (10, MAX_PROPOSALS, 2, CROP_PX, CROP_PX), dtype=np.uint8)
    globals_ = rng.normal(size=(10, len(GLOBAL_FEATURES)))
    return {
        "maps": torch.from_numpy(maps),
        "globals": torch.from_numpy(globals_.astype(np.float32)),
        "proposals": torch.from_numpy(proposals.astype(np.float32)),
        "crops": torch.from_numpy(crops),
        "box": torch.tensor([[0.25, 0.5, 0.5, 0.75]] * 9 + [[0.0] * 4]),
    }


@pytest.mark.parametrize("axis", ["x", "y"])
def test_mirror_is_its_own_inverse(clip: Clip, axis: str) -> None:
    mirrored = vary.mirror(clip, axis)
    moved = MAP_CHANNELS.index(f"motion_{axis}")
    kept = MAP_CHANNELS.index("motion_y" if axis == "x" else "motion_x")
    dimension = -1 if axis == "x" else -2
    assert torch.equal(mirrored["maps"][:, kept].flip(dimension), clip["maps"][:, kept])
    assert not torch.equal(mirrored["maps"][:, moved].flip(dimension), clip["maps"][:, moved])
    box = [0.5, 0.5, 0.75, 0.75] if axis == "x" else [0.25, 0.25, 0.5, 0.5]
    np.testing.assert_allclose(mirrored["box"][0], box)
    assert not mirrored["box"][9].any()
    back = vary.mirror(mirrored, axis)
    for name, value in clip.items():
        assert torch.equal(back[name], value), name


def test_shift_moves_maps_and_proposals_together(clip: Clip) -> None:
    shifted = vary.shift(clip, 1, -2)
    assert torch.equal(shifted["maps"][..., 1, 0], clip["maps"][..., 0, 2])
    x = PROPOSAL_FEATURES.index("centre_x")
    present = clip["proposals"][..., 0] > 0
    moved = (shifted["proposals"][..., x] - clip["proposals"][..., x])[present]
    assert all(
        m == pytest.approx(-0.5, abs=1e-5) or m == pytest.approx(1.5, abs=1e-5) for m in moved
    )
    np.testing.assert_allclose(shifted["box"][0], [0, 4 / 6, 0.25, 5.5 / 6], atol=1e-6)
    back = vary.shift(shifted, -1, 2)
    assert torch.equal(back["maps"], clip["maps"])
    assert torch.allclose(back["proposals"], clip["proposals"], atol=1e-5)
    assert torch.allclose(back["box"], clip["box"], atol=1e-6)
    cut = vary.shift(clip, 0, -3)  # from a quarter of 8 columns to an eighth left of the edge
    assert not cut["box"].any()


def test_hidden_appearance_keeps_motion(clip: Clip) -> None:
    hidden = vary.hide_appearance(clip)
    assert not hidden["maps"][:, :2].any()
    assert torch.equal(hidden["maps"][:, 2:], clip["maps"][:, 2:])


def test_variations_change_each_clip_by_itself(clip: Clip) -> None:
    variations = [
        vary.Variation(),
        vary.Variation(mirror_x=True, speed=1.5, contrast=0.7),
        vary.Variation(hide_appearance=True, hidden_motion="flow", shift_share=(0.2, -0.2)),
        vary.Variation(mirror_x=True, mirror_y=True, hidden_motion="motion"),
    ]
    together = {name: torch.stack([value] * 4) for name, value in clip.items()}
    vary.vary(together, variations)
    for i, variation in enumerate(variations):
        alone = {name: value.unsqueeze(0).clone() for name, value in clip.items()}
        vary.vary(alone, [variation])
        for name, value in alone.items():
            assert torch.equal(together[name][i], value[0]), (i, name)
    for name, value in clip.items():
        assert torch.equal(together[name][0], value)
    flow = [MAP_CHANNELS.index(f"flow{change}_x") for change in ("", "_change")]
    assert (together["maps"][2][:, flow] == 128).all()
    assert (together["maps"][3][:, flow] != 128).any()


def test_gains_scale_motions_and_differences(clip: Clip) -> None:
    batch = {name: value.unsqueeze(0) for name, value in clip.items()}
    batch["maps"] = batch["maps"] // 4 + 96  # far enough from the ends of the range
    out = vary.change_gains(batch, torch.tensor([4.0]), torch.tensor([1.0]))
    motion = MAP_CHANNELS.index("flow_x")
    moved = batch["maps"][:, :, motion].float() - 128
    assert torch.equal(out["maps"][:, :, motion].float() - 128, 2 * moved)  # of square roots
    still = MAP_CHANNELS.index("residual")
    assert torch.equal(out["maps"][:, :, still], batch["maps"][:, :, still])
    column = GLOBAL_FEATURES.index("view_dx")
    assert torch.equal(out["globals"][..., column], 2 * batch["globals"][..., column])
    kept = GLOBAL_FEATURES.index("active_share")
    assert torch.equal(out["globals"][..., kept], batch["globals"][..., kept])


def test_a_padded_clip_tells_of_the_same_places(clip: Clip) -> None:
    assert pad.padded_grid((6, 8)) == (8, 8)
    assert pad.padded_grid((33, 41)) == (40, 48)
    wide = pad.pad(clip, (8, 16), (0.5, 1.0))
    assert torch.equal(wide["maps"][..., 1:7, 8:], clip["maps"])
    signed = MAP_CHANNELS.index("flow_x")
    assert (wide["maps"][:, signed, :, :8] == 128).all()
    assert not wide["maps"][:, 0, :, :8].any()
    # The box from column 2 and row 3 on, 2 x 1.5 blocks, is at column 10 of 16 and row 4 of 8.
    np.testing.assert_allclose(wide["box"][0], [10 / 16, 4 / 8, 12 / 16, 5.5 / 8])
    assert not wide["box"][9].any()
    present = clip["proposals"][..., 0] > 0
    for axis, offset, of, to in (("x", 8, 8, 16), ("y", 1, 6, 8)):
        column = PROPOSAL_FEATURES.index(f"centre_{axis}")
        before = (clip["proposals"][..., column][present] + 1) / 2 * of + offset
        after = (wide["proposals"][..., column][present] + 1) / 2 * to
        torch.testing.assert_close(after, before)
    assert not wide["proposals"][~present].any()
