"""What the device has done since the worker began, by model; only ever grows."""

from __future__ import annotations

from collections.abc import Sequence

from inference.messages import Worked
from inference.scheduler import Entry


class Tally:
    """Counts batches; of one thread at a time."""

    def __init__(self) -> None:
        self._worked: dict[str, Worked] = {}

    def rode(self, entries: Sequence[Entry], allowed_tokens: int, busy_s: float) -> None:
        """Count a batch that the device was busy with for so long."""
        slot = entries[0].payload.model.info.slot
        lengths = [entry.length for entry in entries]
        self._worked[slot] = self._worked.get(slot, Worked()) + Worked(
            batches=1,
            items=len(lengths),
            tokens=sum(lengths),
            padded_tokens=max(lengths) * len(lengths),
            allowed_tokens=allowed_tokens,
            busy_s=busy_s,
        )

    def by_slot(self) -> dict[str, Worked]:
        """Return what was counted so far."""
        return dict(self._worked)
