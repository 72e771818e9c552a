"""The doctor finds what works, and says what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pyanalyzer import _core, core, doctor, weights
from pyanalyzer.__main__ import main
from pyanalyzer.doctor import Finding, checks
from pyanalyzer.errors import ModelError


def test_everything_works_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = {f["part"]: f for f in json.loads(capsys.readouterr().out)}
    works = {"core", "core scalar", "decode", "weights", "network", "h264", "numpy", "torch"}
    assert all(found[part]["ok"] is True for part in works)
    assert all(f["ok"] is not False for f in found.values())
    assert found["weights"]["says"].startswith(weights.SHIPPED_NAME)
    assert {"extra [train]", "extra [bench]", "machine"} <= found.keys()


def test_what_is_broken_is_told_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("half", True, "worked")
        raise ModelError("the weights w are gone")

    def bug() -> Iterator[Finding]:
        raise ZeroDivisionError("by zero")
        yield

    after = ("extras", checks.check_extras)
    monkeypatch.setattr(doctor, "CHECKS", (("model", broken), ("core", bug), after))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "ok   half           worked" in out
    assert "FAIL model          the weights w are gone" in out
    assert "FAIL core           ZeroDivisionError: by zero" in out
    assert "extra [train]" in out
    assert "does not work: model, core" in out


def test_a_core_that_is_wrong_or_old_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "__version__", "0.0.1")
    right = core.flow
    monkeypatch.setattr(
        core,
        "flow",
        lambda *a, **k: replace(right(*a, **k), flow_q8=np.zeros((12, 20, 2), np.int16)),
    )
    found = {f.part: f for f in checks.check_core()}
    assert found["core"].ok is False
    assert "0.0.1" in found["core"].says
    assert found["core scalar"].ok is False


def test_a_missing_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PACKAGES", ("numpy", "not_there_at_all"))
    found = {f.part: f for f in checks.check_versions()}
    assert found["numpy"].ok is True
    assert found["not_there_at_all"] == Finding("not_there_at_all", False, "not installed")


def test_decoders_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "DECODERS", ("h264", "no_such_codec"))
    found = {f.part: f.ok for f in checks.check_decoding()}
    assert found == {"h264": True, "no_such_codec": False, "decode": True}
