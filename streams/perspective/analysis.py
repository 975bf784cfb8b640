"""A request becomes scores of the moderation model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from inference.client import Inference
from inference.errors import InferenceError
from inference.messages import EXPIRED, UNREADABLE, Floats, ItemError, Lane
from inference.tasks.clauses import Place
from inference.tasks.language import guess_language, language_of_tag
from inference.tasks.registry import MODERATION
from streams.perspective.attributes import KNOWN
from streams.perspective.errors import Refused, Status, invalid, wrong_language
from streams.perspective.messages import Analyze
from streams.perspective.sentences import sentences

SLOT: Final = MODERATION
"""Its labels in capitals are the attributes that there are."""

_LETTER = re.compile(r"[^\W\d_]")
_OURS = re.compile("[A-Za-z\u00c0-\u024f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, kw_only=True)
class Languages:
    """Those of one comment, as BCP 47 tags."""

    requested: tuple[str, ...]
    detected: tuple[str, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """Those that count."""
        return self.requested or self.detected


class Analysis:
    """Scores comments, a bounded number at a time, each within its deadline."""

    def __init__(self, inference: Inference, *, deadline_s: float, most: int) -> None:
        self._inference = inference
        self._deadline_s = deadline_s
        self._most = most
        self._running = 0

    async def analyze(self, request: Analyze) -> dict[str, Any]:
        """Return the answer in Perspective's form; raises `Refused`."""
        columns = self._columns()
        languages = _languages(request)
        wanted = _supported(request, columns, languages)
        spans = sentences(request.comment.text) if request.span_annotations else []
        texts = [request.comment.text, *(request.comment.text[begin:end] for begin, end in spans)]
        scored = await self._ask(texts) if wanted else []
        answer = {
            "attributeScores": {
                name: attribute
                for name in wanted
                if (attribute := _attribute(request, name, columns[name], spans, scored))
            },
            "languages": list(languages.used),
            "detectedLanguages": list(languages.detected),
        }
        return answer | ({"clientToken": request.client_token} if request.client_token else {})

    def _columns(self) -> dict[str, int]:
        model = self._inference.models.get(SLOT)
        if model is None:
            raise Refused(Status.UNAVAILABLE, "No moderation model is loaded.")
        return {label.upper(): column for column, label in enumerate(model.labels)}

    async def _ask(self, texts: Sequence[str]) -> list[Floats | None]:
        """Return a row a text, None for parts that the model cannot read."""
        if self._running >= self._most:
            raise Refused(Status.RESOURCE_EXHAUSTED, "Too many requests at once: try again.")
        self._running += 1
        try:
            within_s = [self._deadline_s] * len(texts)
            answer = await self._inference.ask(SLOT, texts, lane=Lane.CHAT, within_s=within_s)
        except InferenceError as error:
            raise Refused(Status.UNAVAILABLE, "The model does not answer: try again.") from error
        finally:
            self._running -= 1
        for place, problem in answer.errors.items():
            _check(problem, is_whole=place == 0)
        return [None if place in answer.errors else row for place, row in enumerate(answer.rows)]


def _check(problem: ItemError, *, is_whole: bool) -> None:
    """Raise `Refused` unless it is only a part that cannot be read."""
    if problem == EXPIRED:
        raise Refused(Status.DEADLINE_EXCEEDED, "The model had no time: try again.")
    if problem != UNREADABLE:
        raise Refused(Status.UNAVAILABLE, f"The model failed on this comment ({problem.code}).")
    if is_whole:
        raise _undetected()


def _undetected() -> Refused:
    return invalid("Unable to detect language", "LANGUAGE_DETECTION_FAILED")


def _languages(request: Analyze) -> Languages:
    text = request.comment.text
    is_foreign = bool(_LETTER.search(text)) and not _OURS.search(text)
    if is_foreign and not request.languages:
        raise _undetected()
    detected = () if is_foreign else (guess_language(text).value,)
    return Languages(requested=tuple(request.languages), detected=detected)


def _supported(request: Analyze, columns: dict[str, int], languages: Languages) -> list[str]:
    """Return the attributes to score; raises `Refused` for the first that cannot be."""
    foreign = [tag for tag in languages.used if language_of_tag(tag) is None]
    supported = []
    for name in request.requested_attributes:
        if name not in columns and name not in KNOWN:
            raise invalid(f"Unknown requested attribute: {name}")
        if name in columns and not foreign:
            supported.append(name)
        elif not request.drop_unsupported_attributes:
            which = foreign or list(languages.used)
            raise wrong_language(name, which, are_requested=bool(languages.requested))
    return supported


def _attribute(
    request: Analyze,
    name: str,
    column: int,
    spans: Sequence[Place],
    scored: Sequence[Floats | None],
) -> dict[str, Any] | None:
    """Return one attribute's scores; None where all are under its threshold."""
    whole = scored[0]
    least = request.requested_attributes[name].score_threshold
    if whole is None or whole[column] < least:
        return None
    parts = list(zip(spans, scored[1:], strict=True))
    if not parts:
        parts = [((0, len(request.comment.text)), whole)]
    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": _score(row, column)}
            for (begin, end), row in parts
            if row is not None and row[column] >= least
        ],
        "summaryScore": _score(whole, column),
    }


def _score(row: Floats, column: int) -> dict[str, Any]:
    return {"value": float(row[column]), "type": "PROBABILITY"}
