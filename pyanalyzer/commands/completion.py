"""``pyanalyzer completion SHELL``: what a shell needs to complete pyanalyzer's command line."""

from __future__ import annotations

import argparse
import importlib

DESCRIPTION = "Writes a completion script for a shell to standard output."
EXAMPLES = """\
examples:
  pyanalyzer completion bash > ~/.local/share/bash-completion/completions/pyanalyzer
  pyanalyzer completion zsh > ~/.zfunc/_pyanalyzer    (with fpath+=~/.zfunc in ~/.zshrc)
"""


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=("bash", "zsh"))


def run(args: argparse.Namespace) -> int:
    """Prints the script."""
    import shtab

    from pyanalyzer.commands.stdout import write_stdout

    write_stdout((shtab.complete(whole_parser(), args.shell) + "\n").encode())
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """A parser of all verbs with all their options; each run makes that of its own verb alone."""
    from pyanalyzer._version import __version__
    from pyanalyzer.commands import VERBS, configuration

    parser = argparse.ArgumentParser(prog="pyanalyzer")
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers()
    for verb in VERBS.values():
        verb_parser = subparsers.add_parser(verb.name, help=verb.summary)
        importlib.import_module(verb.module).prepare_parser(verb_parser)
        configuration.add_option(verb_parser)
    return parser
