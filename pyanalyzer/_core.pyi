# Checked against the built module by tests/test_stub.py.
from collections.abc import Sequence

from pyanalyzer.records import F32, I16, I32, U8, U16, BoolGrid

__version__: str

def supported_isas() -> list[str]: ...
def default_isa() -> str: ...
def downscale(
    luma: U8,
    factor: int,
    *,
    limited_range: bool = False,
    threads: int = 1,
    isa: str | None = None,
) -> U8: ...
def expand_limited_range(luma: U8, *, isa: str | None = None) -> U8: ...
def warp(
    previous: U8,
    inverse_q16: tuple[int, int, int, int],
    *,
    threads: int = 1,
    isa: str | None = None,
) -> U8: ...
def difference(
    previous: U8,
    current: U8,
    aligned: bool,
    inverse_q16: tuple[int, int, int, int],
    motion_q4: I16,
    quiet_q4: I32,
    valid: BoolGrid | None = None,
    *,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[U8, U16, U16, U16, I16, U16, I16, I16, U16, I16, I32]: ...
def flow(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[I16, U16]: ...
def label_grid(unary: I32, potts: int) -> U8: ...
def block_unaries(
    residual: U16, noise_floor: U16, motion_q4: I16, motion_change_q4: I16
) -> I32: ...
def propose(
    residual: U16, noise_floor: U16, motion_q4: I16, motion_change_q4: I16, limit: int
) -> list[tuple[int, int, int, int, int, int, int, int, int, int]]: ...
def crops(previous_warped: U8, current: U8, regions: Sequence[tuple[int, int, int, int]]) -> U8: ...
def align(
    previous: U8,
    current: U8,
    *,
    valid: BoolGrid | None = None,
    hint: tuple[int, int, int, int] | None = None,
    enough: float = 1.0,
    threads: int = 1,
    isa: str | None = None,
) -> tuple[tuple[int, int, int, int], float, bool, float | None]: ...
def block_maps(
    mean: U8,
    texture: U16,
    difference: U16,
    residual: U16,
    signed: I16,
    match: U16,
    motion_q4: I16,
    motion_change_q4: I16,
    noise_floor: U16,
    flow_match: U16,
    flow_q8: I16 | None,
    flow_before_q8: I16 | None,
) -> tuple[U8, int, int, int, float, float, float, float]: ...
def block_vectors(
    maps: U8, *, first_signed: int, mirrored: bool = False, turned: Sequence[int] = ()
) -> F32: ...
def convolve(
    input: F32,
    weights: F32,
    bias: F32,
    *,
    out_channels: int,
    stride: int = 1,
    dilation: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    residual: F32 | None = None,
    relu: bool = False,
    out: F32 | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> F32: ...
def convolve_3x3(
    input: F32,
    weights: F32,
    bias: F32,
    *,
    out_channels: int,
    dilation: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    residual: F32 | None = None,
    relu: bool = False,
    shift: int = 0,
    before: F32 | None = None,
    after: F32 | None = None,
    out: F32 | None = None,
    threads: int = 1,
    isa: str | None = None,
) -> F32: ...
