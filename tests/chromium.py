"""A headless Chromium for tests of pages; skips, with the reason, where there is none.

The library that drives it (playwright) comes with ``pip install .[dev]``, the browser does not:
Debian's ``apt install chromium``, any Chrome, or the one that PYANALYZER_CHROMIUM names.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No sandbox: tests run as root in containers, and the only pages opened are the project's own.
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]

# The number that media.marked drew into the picture that the video shows now.
PICTURE_NUMBER = """() => {
  const video = document.getElementById("video");
  const canvas = new OffscreenCanvas(64, 8);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 8, 0, 0, 64, 8);
  const pixels = context.getImageData(0, 0, 64, 8).data;
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    if (pixels[4 * (64 * 4 + 8 * bit + 4)] > 128) number |= 1 << bit;
  }
  return number;
}"""


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser of playwright's synchronous interface."""
    reason = "playwright is not installed; pip install .[dev]"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    found = os.environ.get("PYANALYZER_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if found is None:
        pytest.skip("no Chromium or Chrome on the PATH, nor named by PYANALYZER_CHROMIUM")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Page:
    """An open page that reports what went wrong in it."""

    def __init__(self, context: Any, path: Path) -> None:
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.wrong.append(m.text))
        self.page.on("request", lambda request: self.requested(request.url))
        self.page.goto(path.as_uri())
        self.until("document.documentElement.dataset.started")

    def until(self, expression: str, patience_s: float = 30.0) -> None:
        """Waits; the browser's own waiting would need eval, which the page's policy forbids."""
        end_s = time.monotonic() + patience_s
        while not self.page.evaluate(expression):
            assert time.monotonic() < end_s, f"never came true: {expression}"
            self.page.wait_for_timeout(15)

    def requested(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.wrong.append(f"asked the network for {url}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector: str) -> str:
        text: str = self.page.locator(selector).first.inner_text()
        return text

    def wait_picture(self) -> None:
        """Until the first picture is there, and with it where the replay's time begins."""
        self.until("document.getElementById('video').readyState >= 2")
        assert self.shows(0)

    def shows(self, number: int, patience_s: float = 20.0) -> bool:
        """Whether the picture of this number comes on screen."""
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            if self.page.evaluate(PICTURE_NUMBER) == number:
                return True
            self.page.wait_for_timeout(15)
        return False

    @property
    def frame(self) -> int:
        return int(self.text("#frame").removeprefix("frame "))

    @property
    def listed(self) -> str:
        return self.text("#listed")
