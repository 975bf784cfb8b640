"""The next reply of a shop's chat, found among 1,000: jddc2018_10k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from inference.evaluation.replies import Encoded, by_words, with_known
from inference.evaluation.retrieval import (
    Choices,
    RetrievalReport,
    retrieval_report,
)
from inference.models.base import Model
from inference.models.loading import load
from inference.training import readers
from inference.training.data.exchanges import (
    Exchange,
    Exchanges,
    parted,
    said,
    unfolded,
    without,
)
from inference.training.loop import SEED
from inference.training.tuning.replies import ReplyRequest, train_replies
from inference.training.tuning.settings import REPLY_SETTINGS
from tests.benchmarks.quality_rows.bundled import MAX_TOKENS
from tests.benchmarks.quality_rows.figures import Figure, Row
from tests.benchmarks.quality_rows.tuned import Told

CANDIDATES: Final = 1_000
VALIDATION: Final = 0.1
AIM: Final = 1.2
METRICS: Final = {"recall@1": "recall_at_1", "recall@10": "recall_at_10", "BLEU": "bleu"}
SETTINGS: Final = replace(REPLY_SETTINGS, device="cpu")


def jddc(data: Path) -> Iterator[Row]:
    """Yield recall@1, recall@10 and BLEU of an encoder trained on the set's own training part.

    First of its scores together with what is known, as `evaluate reply --floor` adds them, then of
    its own alone. It begins with the bundled sentiment encoder, which read the turns of the
    training part and none of what is measured. The floor looks for the 15 most alike contexts of
    the training part by TF-IDF and takes the candidate that is most like their replies. BLEU
    compares what is put first with what was said.
    """
    learned = _exchanges(readers.jddc(data, "train"))
    asked = _exchanges(readers.jddc(data, "dev")[:CANDIDATES])
    choices = Choices.of([one.reply for one in asked])
    found = by_words(learned, asked, choices)
    floor = retrieval_report(found, choices)
    tested = [_cleaned(one) for one in asked]
    known, _ = without([one for one in map(_cleaned, learned) if one.turns], tested)
    model = _tuned(known, tested)
    encoded = Encoded.of(model, tested, choices.replies)
    ways = {
        "encoder and what is known": with_known(encoded, model, known, found),
        "encoder alone": encoded.likeness(),
    }
    for way, scores in ways.items():
        yield from _rows(retrieval_report(scores, choices), floor, way)


def _rows(model: RetrievalReport, floor: RetrievalReport, way: str) -> Iterator[Row]:
    for metric, name in METRICS.items():
        must = getattr(floor, name)
        yield Row(
            set="jddc2018_10k",
            metric=metric,
            n=model.n,
            model=_figure(model, name),
            floor=_figure(floor, name),
            must=must,
            aim=round(AIM * must, 4),
            note=f"{way}, trained on the set; among {model.n} replies",
        )


def _tuned(known: Sequence[Exchange], tested: Sequence[Exchange]) -> Model:
    """Return the encoder, its epoch chosen on a part of what is known."""
    kept, validation = parted(known, VALIDATION, SEED)
    train, _ = without(unfolded(kept), [*validation, *tested])
    exchanges = Exchanges(
        train=train, validation=validation, test=[], losses=[], rows=len(known), sources=("jddc",)
    )
    with TemporaryDirectory() as folder:
        request = ReplyRequest(data=exchanges, out=Path(folder) / "model", settings=SETTINGS)
        train_replies(request, Told())
        return load("reply", str(request.out), "cpu", MAX_TOKENS)


def _exchanges(given: Sequence[readers.Exchange]) -> list[Exchange]:
    return [Exchange(tuple(one.turns), one.reply, str(at)) for at, one in enumerate(given)]


def _cleaned(one: Exchange) -> Exchange:
    return replace(one, turns=said(one.turns))


def _figure(report: RetrievalReport, name: str) -> Figure:
    low, high = report.intervals[name]
    return Figure(value=getattr(report, name), low=low, high=high)
