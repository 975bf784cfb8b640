"""What the workers answered to one command. A pure object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from schemas.models import ModelEvent, ModelStep

GOOD = frozenset({ModelStep.WARM, ModelStep.TOOK_OVER, ModelStep.DONE})
FINAL = GOOD | {ModelStep.FAILED, ModelStep.SUPERSEDED}


@dataclass(kw_only=True)
class Answers:
    """Of each worker and slot the last thing that it said."""

    command_id: str
    slots: Collection[str]  # that every worker has something to say of
    workers: int | None = None  # that there are; None where nobody knows
    last: dict[tuple[str, str], ModelEvent] = field(default_factory=dict)

    def add(self, event: ModelEvent) -> bool:
        """Take in an event; return whether it is news."""
        place = (event.worker, event.slot)
        if event.command_id != self.command_id or event.step is ModelStep.LOST:
            return False
        known = self.last.get(place)
        if known is not None and known.step in FINAL:
            return False
        self.last[place] = event
        return True

    @property
    def heard(self) -> int:
        """How many workers said anything."""
        return len({worker for worker, _ in self.last})

    @property
    def is_complete(self) -> bool:
        """Whether every worker that there is, and each that began, has come to an end."""
        ended = [event for event in self.last.values() if event.step in FINAL]
        if len(ended) < len(self.last) or len(ended) < self.heard * len(self.slots):
            return False
        return self.workers is None or self.heard >= self.workers

    @property
    def silent(self) -> int:
        """How many workers have not come to an end."""
        ended = {worker for (worker, _), event in self.last.items() if event.step in FINAL}
        return max(self.workers or 0, self.heard) - len(ended)

    @property
    def failed(self) -> list[ModelEvent]:
        """What ended otherwise than it was commanded."""
        return [one for one in self.last.values() if one.step in FINAL and one.step not in GOOD]

    def of(self, slot: str) -> list[ModelEvent]:
        """Return what was said of a slot, worker by worker."""
        found = [event for (_, other), event in self.last.items() if other == slot]
        return sorted(found, key=lambda event: event.worker)

    @property
    def changes_nothing(self) -> bool:
        """Whether each candidate has the weights of the model that it stands beside."""
        pairs = [(one.in_use, one.candidate) for one in self.last.values()]
        return any(other for _, other in pairs) and all(
            other is None or other.hash == in_use.hash for in_use, other in pairs
        )

    def candidates(self) -> set[str]:
        """Return the content hashes of all candidates."""
        return {one.candidate.hash for one in self.last.values() if one.candidate is not None}
