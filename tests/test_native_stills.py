"""The network for two stills on the compiled core is PyTorch's but for rounding."""

from __future__ import annotations

import numpy as np
import torch

from pyanalyzer.score.load_stills import load_for_stills
from pyanalyzer.score.native_stills import NativeLook
from pyanalyzer.score.stills import StillsNetwork
from pyanalyzer.score.stills_configuration import StillsConfiguration
from pyanalyzer.score.stills_model import TorchLook, folded, load_stills_model
from pyanalyzer.stills.planes import Planes
from pyanalyzer.weights import stills_path

SMALL = StillsConfiguration(picture_width=5, place_width=6, widths=(7, 8, 20, 9))


def random_planes(height: int, width: int) -> Planes:
    rng = np.random.default_rng(1)

    def plane(*size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return rng.integers(0, 256, size, dtype=np.uint8)

    return Planes(
        luma=plane(2, height, width),
        chroma=plane(4, height // 2, width // 2),
        luma_residual=plane(height, width),
        chroma_residual=plane(2, height // 2, width // 2),
        covered=plane(height // 4, width // 4),
        noise=np.array([1.5, 7.25], np.float32),
    )


def assert_alike(native: NativeLook, theirs: TorchLook, planes: Planes) -> None:
    got, expected = native(planes), theirs(planes)
    for name in ("changed", "sides_px", "mask"):
        mine, wanted = getattr(got, name), getattr(expected, name)
        assert mine.shape == wanted.shape
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_a_random_network_answers_as_pytorchs() -> None:
    torch.manual_seed(3)
    network = StillsNetwork(SMALL).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low, high in (
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2.0),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.5, 0.5),
            ):
                assert values is not None
                torch.nn.init.uniform_(values, low, high)
    tensors = {k: v.detach().numpy() for k, v in network.state_dict().items()}
    for threads in (1, 3):
        native = NativeLook(tensors, threads=threads)
        for size in ((32, 64), (96, 160)):
            assert_alike(native, TorchLook(folded(network)), random_planes(*size))


def test_the_shipped_weights_answer_alike_on_any_number_of_threads() -> None:
    planes = random_planes(160, 224)
    models = [load_for_stills(stills_path(), threads=threads) for threads in (1, 2, 7)]
    torchs = load_stills_model(stills_path())
    assert (models[0].name, models[0].locate) == (torchs.name, torchs.locate)
    assert isinstance(models[0].look, NativeLook)
    assert isinstance(torchs.look, TorchLook)
    assert_alike(models[0].look, torchs.look, planes)
    first, *others = (model.look(planes) for model in models)
    for other in others:
        np.testing.assert_array_equal(other.changed, first.changed)
        np.testing.assert_array_equal(other.mask, first.mask)
