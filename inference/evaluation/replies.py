"""From a file of exchanges to figures: the model's, and TF-IDF's on the same replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from inference.evaluation.neighbours import fit_neighbours
from inference.evaluation.retrieval import (
    Choices,
    RetrievalReport,
    retrieval_report,
    together,
)
from inference.evaluation.scoring import load_encoder, score
from inference.files.columns import Columns
from inference.files.errors import DataError
from inference.messages import Floats, ModelInfo
from inference.models.base import Model
from inference.settings import InferenceSettings
from inference.training.data.exchanges import MOST_HELD, Exchange, read_exchanges, without
from inference.training.data.losses import Loss

SLOT: Final = "reply"
SHARE: Final = 0.3
"""Of TF-IDF's scores, beside an encoder's; chosen on exchanges held out of jddc2018_10k's training
part, where 0.2 to 0.5 were as good."""


@dataclass(frozen=True, kw_only=True)
class ReplyEvaluationRequest:
    """What is measured on what."""

    model: str  # a folder or a hub name
    file: Path
    columns: Columns = field(default_factory=Columns)
    settings: InferenceSettings | None = None
    floor: Path | None = None  # file whose exchanges TF-IDF knows
    limit: int | None = None  # rows of `file`


@dataclass(frozen=True, kw_only=True)
class ReplyEvaluation:
    """What came out."""

    report: RetrievalReport
    model: ModelInfo
    losses: list[Loss]  # rows of the file without question or reply
    unmeasured: int  # exchanges behind the first `MOST_HELD`
    floor: RetrievalReport | None = None
    both: RetrievalReport | None = None  # the model's scores and a `SHARE` of the floor's
    leaked: int = 0  # exchanges of the floor's file whose question is measured: not known to it


def run_replies(request: ReplyEvaluationRequest) -> ReplyEvaluation:
    """Measure on the first `MOST_HELD` exchanges; raises `ModelError` and `FilesError`.

    The reply to each is looked for among theirs.
    """
    found = read_exchanges(request.file, request.columns, request.limit)
    measured = found.exchanges[:MOST_HELD]
    choices = Choices.of([one.reply for one in measured])
    # Before anything is scored: what is amiss with the file is said at once.
    known, leaked = _known(request, request.floor, measured) if request.floor else ([], 0)
    model = load_encoder(SLOT, request.model, request.settings)
    scores = likeness(model, [one.late for one in measured], choices.replies)
    evaluation = ReplyEvaluation(
        report=retrieval_report(scores, choices),
        model=model.info,
        losses=found.losses,
        unmeasured=len(found.exchanges) - len(measured),
        leaked=leaked,
    )
    if not known:
        return evaluation
    floor = _floor(known, measured, choices)
    return replace(
        evaluation,
        floor=retrieval_report(floor, choices),
        both=retrieval_report(together(scores, floor, SHARE), choices),
    )


def likeness(
    model: Model, questions: Sequence[Sequence[str]], replies: Sequence[str], batch_tokens: int = 0
) -> Floats:
    """Return cosines [questions, replies]; a question is the turns of a conversation."""
    asked = score(model, [list(turns) for turns in questions], batch_tokens)
    scores: Floats = asked @ score(model, replies, batch_tokens).T
    return scores


def _known(
    request: ReplyEvaluationRequest, path: Path, measured: Sequence[Exchange]
) -> tuple[list[Exchange], int]:
    kept, leaks = without(read_exchanges(path, request.columns).exchanges, measured)
    if not kept:
        raise DataError(
            f"every question of {path} stands in {request.file} too: the floor needs others"
        )
    return kept, len(leaks)


def _floor(known: Sequence[Exchange], measured: Sequence[Exchange], choices: Choices) -> Floats:
    floor = fit_neighbours([_text(one) for one in known], [one.reply for one in known])
    return floor.scores([_text(one) for one in measured], choices.replies)


def _text(one: Exchange) -> str:
    return " ".join(one.late)
