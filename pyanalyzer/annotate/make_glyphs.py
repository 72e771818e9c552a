"""Makes ``glyphs.npz``: ``python -m pyanalyzer.annotate.make_glyphs FOLDER_OF_FONTS [OUT]``.

OpenCV's letters differ between its versions and are stick figures in those before 5. So the
letters of pictures are those of DejaVu Sans (https://dejavu-fonts.github.io, Bitstream Vera
licence, which allows their use in any form), drawn once, large, by FreeType through matplotlib,
whose folder ``mpl-data/fonts/ttf`` holds the fonts. Needed only to change the set of letters.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from pyanalyzer.atomic_file import write_atomically

FONTS = {"regular": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}
EM_PX = 72  # larger than all text up to 4k, so that letters are nearly always shrunk
_SIGNS = "…–—→↘↓↙←↖↑↗▸\ufffd"
LETTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, _SIGNS)]  # Latin-1, Extended-A


def main(argv: list[str]) -> int:
    """Writes the file; the exit code."""
    fonts = Path(argv[0])
    out = Path(argv[1]) if len(argv) > 1 else Path(__file__).with_name("glyphs.npz")
    arrays: dict[str, Any] = {"em_px": np.int32(EM_PX)}
    for weight, name in FONTS.items():
        for key, values in _glyphs(fonts / name).items():
            arrays[f"{weight}_{key}"] = values
    import io

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomically(out, buffer.getvalue())
    return 0


def _glyphs(path: Path) -> dict[str, Any]:
    """Per letter: its code, size, place from the pen on the baseline, and advance; all coverage."""
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(str(path))
    font.set_size(EM_PX, 72)
    rows: list[tuple[int, int, int, int, int]] = []
    advances, coverage = [], []
    for code in LETTERS:
        font.set_text(chr(code), 0.0, flags=LoadFlags.NO_HINTING)
        advance = font.load_char(code, flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536
        font.draw_glyphs_to_bitmap(antialiased=True)
        image = np.array(font.get_image(), np.uint8)
        inked = np.argwhere(image)
        bearing = font.load_char(code, flags=LoadFlags.NO_HINTING)
        if len(inked):
            (top, left), (bottom, right) = inked.min(0), inked.max(0) + 1
            image = image[top:bottom, left:right]
        else:
            image = image[:0, :0]
        # 26.6 fixed point; the picture begins at the whole pixel around the outline's corner.
        x_px = bearing.horiBearingX // 64
        y_px = -(-bearing.horiBearingY // 64)
        rows.append((code, image.shape[0], image.shape[1], x_px, y_px))
        advances.append(advance)
        coverage.append(image.ravel())
    return {
        "glyphs": np.array(rows, np.int32),
        "advances_px": np.array(advances, np.float32),
        "coverage": np.concatenate(coverage),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
