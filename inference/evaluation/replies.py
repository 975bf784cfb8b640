"""From a file of exchanges to figures: the model's, and TF-IDF's on the same replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from inference.evaluation.neighbours import are_nearest, fit_neighbours
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
SHARPNESS: Final = 0.1
"""By which cosine a known question must be nearer to count e times as much."""
SHARES: Final = (1.0, 0.4, 0.3)
"""Of likeness to the question, to what is said to its neighbours by the encoder, and by TF-IDF;
chosen on exchanges held out of jddc2018_10k's training part, and flat around it."""


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
    together: RetrievalReport | None = None  # the model and TF-IDF, each with what is known
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
    encoded = Encoded.of(model, measured, choices.replies)
    evaluation = ReplyEvaluation(
        report=retrieval_report(encoded.likeness(), choices),
        model=model.info,
        losses=found.losses,
        unmeasured=len(found.exchanges) - len(measured),
        leaked=leaked,
    )
    if not known:
        return evaluation
    floor = by_words(known, measured, choices)
    return replace(
        evaluation,
        floor=retrieval_report(floor, choices),
        together=retrieval_report(with_known(encoded, model, known, floor), choices),
    )


@dataclass(frozen=True)
class Encoded:
    """Questions, and replies to choose from, as an encoder's unit vectors."""

    questions: Floats  # [questions, width]
    replies: Floats  # [replies, width]

    @classmethod
    def of(cls, model: Model, asked: Sequence[Exchange], replies: Sequence[str]) -> Encoded:
        """Return the vectors of what was said last, and of the replies."""
        return cls(score(model, [list(one.late) for one in asked]), score(model, replies))

    def likeness(self) -> Floats:
        """Return cosines [questions, replies]."""
        cosines: Floats = self.questions @ self.replies.T
        return cosines


def with_known(encoded: Encoded, model: Model, known: Sequence[Exchange], floor: Floats) -> Floats:
    """Return scores [questions, replies] by likeness, and by what is known.

    That is what was said to the most alike of the `known` questions, by the encoder and, in
    `floor` [questions, replies], by TF-IDF.
    """
    there = Encoded.of(model, known, [one.reply for one in known])
    alike = encoded.questions @ there.questions.T
    weights = np.exp((alike - alike.max(axis=1, keepdims=True)) / SHARPNESS)
    found = (np.where(are_nearest(alike), weights, 0) @ there.replies) @ encoded.replies.T
    ways = (encoded.likeness(), found, floor)
    return together(list(zip(SHARES, ways, strict=True)))


def _known(
    request: ReplyEvaluationRequest, path: Path, measured: Sequence[Exchange]
) -> tuple[list[Exchange], int]:
    kept, leaks = without(read_exchanges(path, request.columns).exchanges, measured)
    if not kept:
        raise DataError(
            f"every question of {path} stands in {request.file} too: the floor needs others"
        )
    return kept, len(leaks)


def by_words(known: Sequence[Exchange], asked: Sequence[Exchange], choices: Choices) -> Floats:
    """Return the scores [asked, choices] of TF-IDF, which looks among what is known."""
    floor = fit_neighbours([_text(one) for one in known], [one.reply for one in known])
    return floor.scores([_text(one) for one in asked], choices.replies)


def _text(one: Exchange) -> str:
    return " ".join(one.late)
