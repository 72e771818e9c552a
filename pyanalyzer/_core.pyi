# Checked against the built module by tests/test_stub.py.
from pyanalyzer.records import U8

__version__: str

def supported_isas() -> list[str]: ...
def default_isa() -> str: ...
def downscale(luma: U8, factor: int, *, threads: int = 1, isa: str | None = None) -> U8: ...
def warp(
    previous: U8,
    inverse_q16: tuple[int, int, int, int],
    *,
    threads: int = 1,
    isa: str | None = None,
) -> U8: ...
