"""Simulated replays whose truth is exact: games stepped twice, with and without each change.

``plan_jobs`` and ``generate`` make them, ``read_truth`` reads what they say; docs/truth.md defines
every field. ale-py and vizdoom are imported only when one of their games is played.
"""

from pyanalyzer.simulate.generate import generate, plan_jobs
from pyanalyzer.simulate.truth import Change, Onset, Truth, TruthError, WorldEvent, read_truth

__all__ = [
    "Change",
    "Onset",
    "Truth",
    "TruthError",
    "WorldEvent",
    "generate",
    "plan_jobs",
    "read_truth",
]
