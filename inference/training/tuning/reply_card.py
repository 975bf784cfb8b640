"""The README.md of a sentence encoder: what it is, its data, its figures, how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inference.evaluation.retrieval import RetrievalReport
from inference.training.data.exchanges import LATE, Exchanges
from inference.training.data.losses import by_reason
from inference.training.tuning.card import UNMEASURED, Making, document, made_by
from inference.training.tuning.history import Epoch


@dataclass(frozen=True, kw_only=True)
class ReplyMade(Making):
    """All that a sentence encoder's card tells."""

    data: Exchanges
    figures: RetrievalReport | None  # on the test part; None where there is none


def reply_card(made: ReplyMade) -> str:
    """Return the card in Markdown."""
    return document(_head(made), _data(made), _figures(made), made_by(made, _best))


def _head(made: ReplyMade) -> Iterator[str]:
    yield "# Sentence encoder for replies"
    yield ""
    yield "Unit vectors, means of an encoder's states: a question's is near those of its replies."
    yield "sentence-transformers loads the folder, too."
    yield f"Begun with {made.base}; {made.parameters:,} parameters."


def _data(made: ReplyMade) -> Iterator[str]:
    data = made.data
    yield "## Data"
    yield ""
    yield f"{', '.join(data.sources)}: {data.rows:,} rows."
    for reason, count in by_reason(data.losses).items():
        yield f"{count:,} left out, {reason}."
    yield f"{len(data.train):,} exchanges for training, {len(data.validation):,} for validation,"
    yield f"{len(data.test):,} for the test; of a conversation the last {LATE} turns are read."


def _figures(made: ReplyMade) -> Iterator[str]:
    yield "## Figures"
    yield ""
    report = made.figures
    if report is None:
        yield UNMEASURED
        return
    yield f"On the {report.n:,} questions of the test part, on which nothing was chosen: the right"
    yield f"reply among {report.choices:,}. Intervals: 95%, by bootstrap."
    yield ""
    for name, (low, high) in report.intervals.items():
        yield f"- {name}: {getattr(report, name):.3f} ({low:.3f} to {high:.3f})"


def _best(epoch: Epoch) -> str:
    recalls = "".join(f", {name} {value:.3f}" for name, value in epoch.figures.items())
    return f"mean reciprocal rank {epoch.score:.3f}{recalls}"
