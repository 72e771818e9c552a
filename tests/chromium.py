"""A headless Chromium for tests of pages; skips, with the reason, where there is none.

The library that drives it (playwright) comes with ``pip install .[dev]``, the browser does not:
Debian's ``apt install chromium``, any Chrome, or the one that PYANALYZER_CHROMIUM names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No sandbox: tests run as root in containers, and the only pages opened are the project's own.
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


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
