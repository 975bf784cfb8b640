"""How many padded tokens the batches of each model may hold.

As many as were measured when the model loaded; after a batch that did not fit into memory half of
what that held, and then slowly more again: the memory may have been another program's.
"""

from __future__ import annotations

from dataclasses import dataclass

CALM_BATCHES = 64
"""Batches that have to fit, after one that did not, before a little more is tried."""
MOST_CALM_BATCHES = 4096
"""The number doubles each time: a budget that is really too large is tried ever more seldom."""
STEP = 8
"""A budget grows by an eighth of itself."""


@dataclass(kw_only=True)
class _Budget:
    measured: int
    allowed: int
    calm: int = 0  # batches that fitted since the budget changed
    failures: int = 0  # batches that did not fit

    @property
    def patience(self) -> int:
        """Batches that have to fit before more is tried."""
        return min(CALM_BATCHES << (self.failures - 1), MOST_CALM_BATCHES)


class Allowance:
    """The budgets by model. A pure object."""

    def __init__(self, default: int) -> None:
        self._default = default  # of a model that was not measured
        self._budgets: dict[str, _Budget] = {}

    def of(self, slot: str) -> int:
        """Return the padded tokens that a batch of the model may hold."""
        budget = self._budgets.get(slot)
        return self._default if budget is None else budget.allowed

    def allow(self, slot: str, tokens: int) -> None:
        """Set the budget that was measured."""
        self._budgets[slot] = _Budget(measured=tokens, allowed=tokens)

    def forget(self, slot: str) -> None:
        """Drop what is known of a model that has nothing to do any more."""
        self._budgets.pop(slot, None)

    def too_large(self, slot: str, tokens: int) -> None:
        """Take in that a batch of so many padded tokens did not fit into memory."""
        budget = self._budgets.get(slot)
        if budget is None:
            budget = self._budgets[slot] = _Budget(measured=self._default, allowed=self._default)
        budget.allowed = max(1, min(tokens // 2, budget.allowed))
        budget.calm = 0
        budget.failures += 1

    def restore(self, slot: str) -> None:
        """Go back to what was measured: a single item was too large, and not the budget."""
        if (budget := self._budgets.get(slot)) is not None:
            self.allow(slot, budget.measured)

    def fitted(self, slot: str, tokens: int) -> None:
        """Take in that a batch of so many padded tokens was computed."""
        budget = self._budgets.get(slot)
        if budget is None or budget.allowed == budget.measured or 2 * tokens < budget.allowed:
            return  # a small batch says nothing of a large one
        budget.calm += 1
        if budget.calm >= budget.patience:
            budget.calm = 0
            budget.allowed = min(budget.measured, budget.allowed + max(1, budget.allowed // STEP))
