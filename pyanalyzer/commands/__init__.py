"""The verbs of the command line, one module each.

Such a module has ``prepare_parser(parser)``, which adds its arguments, and ``run(arguments)``,
which does the work and returns the exit code. Only the module of the verb that was asked for is
imported, so none of them slows ``--help``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb and the line that ``--help`` shows for it."""

    name: str
    summary: str

    @property
    def module(self) -> str:
        """The module to import for it."""
        return f"pyanalyzer.commands.{self.name}"


DEFAULT_VERB = "analyse"
VERBS = {
    verb.name: verb
    for verb in (
        Verb("analyse", "find when the player's action changed in a replay (the default)"),
        Verb("report", "show or export a timeline that --json saved"),
        Verb("compare", "find what changed between two still pictures"),
        Verb("simulate", "make labelled replays with games that can be stepped exactly"),
        Verb("recapture", "make captures of labelled replays as they are met on the web"),
        Verb("train", "train the network on labelled replays"),
        Verb("evaluate", "score timelines against the truth, beside trivial rules"),
        Verb("completion", "write a completion script for bash or zsh"),
        Verb("doctor", "show versions, and whether every part works on this machine"),
    )
}
