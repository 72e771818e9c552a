"""The command line: ``pyanalyzer replay.mp4 --timeline``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from pyanalyzer._version import __version__
from pyanalyzer.commands import DEFAULT_VERB, VERBS, configuration
from pyanalyzer.commands.arguments import Parser
from pyanalyzer.commands.stdout import discard_stdout, stdout_errors
from pyanalyzer.errors import PyanalyzerError, UsageError

# What a shell reports for a program that a signal ended: 128 + its number.
EXIT_INTERRUPTED = 128 + 2  # SIGINT
EXIT_BROKEN_PIPE = 128 + 13  # SIGPIPE, as `yes | head -1` has it

USAGE = """pyanalyzer [analyse] REPLAY [options]
       pyanalyzer VERB [options]"""
DESCRIPTION = """\
Ask a recording of gameplay when the player's action changed: when, where on the screen, how, and
how sure the answer is."""
EPILOG = """\
examples:
  pyanalyzer replay.mp4 --timeline            the timeline of a replay, drawn in the terminal
  pyanalyzer replay.mp4 --json events.json    the same as data
  pyanalyzer report events.json --export changes.srt   saved data for another tool
  pyanalyzer analyse --help                   every option of the analysis
  pyanalyzer ./train --timeline               a replay that is named like a verb
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line ``argv`` (without the program's name; default: this process').

    Returns the exit code: 0, 1 if the work failed, 2 if it was asked for wrongly, 130 after an
    interrupt, 141 if the reader of the output has gone. Errors are one line on stderr.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(given)
        with stdout_errors():
            sys.stdout.flush()
        return code
    except PyanalyzerError as error:
        print(f"pyanalyzer: error: {_one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pyanalyzer: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return EXIT_BROKEN_PIPE


def _run(given: list[str]) -> int:
    if not given:
        raise UsageError("give a replay: pyanalyzer replay.mp4 --timeline (see pyanalyzer --help)")
    if given[0] not in VERBS and given[0] not in ("-h", "--help", "--version"):
        given = [DEFAULT_VERB, *given]
    verb = VERBS.get(given[0])
    module = importlib.import_module(verb.module) if verb else None
    parser = _parser()
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", prog=parser.prog)
    for known in VERBS.values():
        verb_parser = subparsers.add_parser(
            known.name,
            help=known.summary,
            description=f"{known.summary[0].upper()}{known.summary[1:]}.",
            allow_abbrev=False,
        )
        if known is verb and module is not None:
            module.prepare_parser(verb_parser)
            configuration.add_option(verb_parser)
            configuration.apply(verb_parser, verb.name, given[1:])
    try:
        arguments = parser.parse_args(given)
    except SystemExit as done:  # --help and --version have printed
        return int(done.code or 0)
    if module is None:
        return 0
    _check_instruction_set()
    return int(module.run(arguments))


def _check_instruction_set() -> None:
    """Raises UsageError where the environment asks for one that this machine does not have."""
    if os.environ.get("PYANALYZER_ISA"):
        from pyanalyzer.core.isa import default_isa

        try:
            default_isa()
        except ValueError as error:
            raise UsageError(f"PYANALYZER_ISA: {error}") from error


def _parser() -> Parser:
    parser = Parser(
        prog="pyanalyzer",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pyanalyzer {__version__}")
    return parser


def _one_line(message: str) -> str:
    """A message that fits one line and cannot steer the terminal, whatever a file is called."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))


if __name__ == "__main__":
    sys.exit(main())
