"""Completion scripts know every verb and option, and their shell can read them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.commands import VERBS


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_scripts(shell: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["completion", shell]) == 0
    script = capsysbinary.readouterr().out
    for word in (*VERBS, "--min-confidence", "--false-alarms", "--without-engine", "--config"):
        assert word.encode() in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, check=True)


def test_bash_completes() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    script = subprocess.run(
        [bash, "-c", _COMPLETE], capture_output=True, text=True, check=True, input=_script()
    )
    assert set(script.stdout.split()) == {"--min-confidence", "--mask"}


_COMPLETE = """
source /dev/stdin
COMP_WORDS=(pyanalyzer analyse --m) COMP_CWORD=2
$(complete -p pyanalyzer | sed 's/.*-F \\([^ ]*\\).*/\\1/') pyanalyzer --m analyse
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _script() -> str:
    import shtab

    from pyanalyzer.commands.completion import whole_parser

    text: str = shtab.complete(whole_parser(), "bash")
    return text


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "powershell"]) == 2
    assert "powershell" in capsys.readouterr().err
