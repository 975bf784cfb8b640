"""Labelled files: how their columns are named, and what was left out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streams.cli.failures import say

if TYPE_CHECKING:
    from inference.files.columns import Columns
    from inference.training.data.dataset import Dataset
    from inference.training.data.exchanges import Exchanges
    from inference.training.data.losses import Loss


def columns_of(mapping: list[str] | None) -> Columns:
    """Return what `--map` says; raises `ColumnError`."""
    from inference.files.columns import Columns, parse_pairs

    return Columns(renamed=parse_pairs(mapping or [], "--map"))


def attributes_of(names: str | None) -> tuple[str, ...]:
    """Return the columns that `--attributes` names; none where it is not given."""
    return () if names is None else tuple(name.strip() for name in names.split(","))


def say_losses(losses: Sequence[Loss]) -> None:
    """Say what is left out of the files, a line a reason."""
    from inference.training.data.losses import told

    for sentence in told(losses):
        say(f"left out: {sentence}")


def say_parts(data: Dataset | Exchanges, what: str) -> None:
    """Say what is left out of the data, and how many of `what` each part has."""
    say_losses(data.losses)
    say(
        f"{len(data.train):,} {what} to train on, {len(data.validation):,} to choose the epoch on, "
        f"{len(data.test):,} to measure on"
    )
