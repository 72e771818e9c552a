"""Files compiled for AVX2 or AVX-512 must not hand code to the rest of the program behind its back.

A weak symbol (an inline function, a template) may be linked from whichever file comes first: from a
file compiled for AVX2 it would end up in callers that run on machines without it.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPILER, NM = shutil.which("c++"), shutil.which("nm")
FLAGS = {"avx2": ["-mavx2", "-mfma"], "avx512": ["-mavx512f", "-mfma"]}
SOURCES = sorted(
    (source, name) for name in FLAGS for source in (ROOT / "cpp" / "src").glob(f"*_{name}.cpp")
)


@pytest.mark.skipif(
    COMPILER is None or NM is None or platform.machine() not in {"x86_64", "AMD64"},
    reason="needs an x86-64 compiler and nm",
)
@pytest.mark.parametrize("optimization", ["-O0", "-O2"])
def test_no_weak_symbols(optimization: str, tmp_path: Path) -> None:
    assert SOURCES
    assert COMPILER is not None
    assert NM is not None
    flags = ["-std=c++20", optimization, "-I", str(ROOT / "cpp" / "include")]
    for source, name in SOURCES:
        target = tmp_path / f"{source.stem}.o"
        command = [COMPILER, *flags, *FLAGS[name], "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True)
        symbols = subprocess.run(
            [NM, "-C", str(target)], check=True, capture_output=True, text=True
        )
        kinds = [line for line in symbols.stdout.splitlines() if line[17:18] in set("WwVvu")]
        assert not kinds, f"{source.name} at {optimization}: {kinds}"


def test_better_instruction_sets_never_fall_back() -> None:
    """``isa == Isa::avx2`` would be false on AVX-512: the kernel would take its scalar form there,
    with the right answer, many times slower."""
    compared = re.compile(r"isa\s*==\s*Isa::|Isa::\w+\s*==\s*isa")
    for source in (ROOT / "cpp").rglob("*.?pp"):
        if source.name != "isa.cpp":
            assert not compared.search(source.read_text("utf-8")), source.name
