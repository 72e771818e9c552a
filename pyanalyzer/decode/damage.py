"""What is said of a stream that is damaged or ends early."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Damage:
    """Where a stream broke, in the order in which it was met."""

    breaks: list[str] = field(default_factory=list)  # the place of each: "after frame 7 at 0.233 s"
    left_out: int = 0  # pictures that came out of the decoder, but not whole
    early_end: str | None = None

    def clear(self) -> None:
        """Forget what was noted: the stream is decoded once more."""
        self.breaks.clear()
        self.left_out = 0
        self.early_end = None

    def text(self) -> str | None:
        """One sentence for the report; None where nothing broke."""
        parts = []
        if self.breaks:
            more = f" and in {len(self.breaks) - 1} later place(s)" if len(self.breaks) > 1 else ""
            left = f", {self.left_out} broken picture(s) left out" if self.left_out else ""
            parts.append(f"the stream is damaged {self.breaks[0]}{more}{left}")
        if self.early_end:
            parts.append(self.early_end)
        return "; ".join(parts) or None
