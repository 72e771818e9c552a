"""``pyanalyzer doctor``: versions, and whether every part works on this machine."""

from __future__ import annotations

import argparse
import json

EXIT_BROKEN = 1


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this verb."""
    parser.add_argument("--json", action="store_true", help="the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Tries every part and says what was found; 1 if a part does not work."""
    from dataclasses import asdict

    from pyanalyzer.commands.stdout import stdout_errors
    from pyanalyzer.doctor import CHECKS, Finding, examine

    findings: list[Finding] = []
    if args.json:
        findings.extend(examine(CHECKS))
        with stdout_errors():
            print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        from rich.console import Console
        from rich.text import Text

        marks = {True: ("ok  ", "#009e73"), False: ("FAIL", "bold #d55e00"), None: ("    ", "")}
        console = Console(highlight=False, soft_wrap=True)
        with stdout_errors():
            for finding in examine(CHECKS):
                findings.append(finding)
                mark, style = marks[finding.ok]
                console.print(Text.assemble((mark, style), f" {finding.part:<14} {finding.says}"))
    broken = [finding.part for finding in findings if finding.ok is False]
    if broken and not args.json:
        print(f"does not work: {', '.join(broken)}; install pyanalyzer again, or report this")
    return EXIT_BROKEN if broken else 0
