"""What is to become of a review: a pure function of its scores, its language and the policy.

    read        the model's row, and what the rules find, as scores by attribute
    decide      allow, hold or reject, with the attributes that led to it
    clauses     the parts of a review that are scored again when it is not allowed
    reasons     the same attributes with the part that carries each
    settle      what a person's decision does

Only what is held or rejected is looked at more closely: its clauses are scored by the same model,
and of each attribute the one with the highest score is its span. Personal data and open threats
need no model for that: the rules of `schemas.masking` and `threats` say where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from inference.tasks.clauses import Place, bare
from inference.tasks.threats import threats
from schemas.base import Language
from schemas.events import ModerationDecision
from schemas.masking import find
from schemas.results import Decision, Effect, HeldReview, Reason

PERSONAL_DATA: Final = "personal_data"
THREAT: Final = "threat"
RULED: Final = (PERSONAL_DATA, THREAT)
"""Attributes that rules find, whatever the model scores."""
CLAUSES: Final = 24
"""Of one review that are scored; what comes behind them no model reads either."""
SHORTEST: Final = 2
"""Characters of a clause that can say something."""
QUOTED: Final = 300
"""Characters of a span that a reason repeats."""
_CLAUSE = re.compile(r"[^。！？!?；;，,、…\n]+[。！？!?；;，,、…\n]*")
_SENTENCE_END = re.compile(r"(?<=\w\w)\.(?=\s+\S)")

Scores = Mapping[str, float]
"""Of a text, a probability by attribute."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """From which probability on an attribute has a consequence; none without a number."""

    hold: float | None = None
    reject: float | None = None

    def consequence(self, score: float) -> tuple[Decision, float] | None:
        """Return the gravest that a score has, and its threshold."""
        if self.reject is not None and score >= self.reject:
            return Decision.REJECT, self.reject
        if self.hold is not None and score >= self.hold:
            return Decision.HOLD, self.hold
        return None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A shop's thresholds by attribute, for each language."""

    languages: Mapping[Language, Mapping[str, Thresholds]]

    @property
    def attributes(self) -> list[str]:
        """The attributes that have a threshold in any language."""
        return sorted({name for each in self.languages.values() for name in each})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An attribute whose score has a consequence."""

    attribute: str
    decision: Decision
    score: float
    threshold: float


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What a person settled last of a review."""

    held_id: str  # the hold's `result_id`
    result_id: str  # of the outcome of the decision on it


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is to become of a review, and what led to it, the gravest first."""

    decision: Decision
    findings: tuple[Finding, ...] = field(default=())


_ALLOWED: Final = Judgement(decision=Decision.ALLOW)


def read(row: Sequence[float], labels: Sequence[str], text: str) -> dict[str, float]:
    """Return the scores of a text: the model's by label, and certainty where a rule finds one.

    Raises `ValueError` where the row does not fit the labels or holds what is no number.
    """
    scores = {name: float(score) for name, score in zip(labels, row, strict=True)}
    if not all(0.0 <= score <= 1.0 for score in scores.values()):
        raise ValueError("a probability is not a number between 0 and 1")
    return dict.fromkeys(RULED, 0.0) | scores | dict.fromkeys(_ruled(text), 1.0)


def decide(scores: Scores, language: Language, policy: Policy) -> Judgement:
    """Return the gravest consequence that any score has, with all findings."""
    findings = []
    for attribute, thresholds in policy.languages[language].items():
        score = scores.get(attribute, 0.0)
        if (consequence := thresholds.consequence(score)) is not None:
            decision, threshold = consequence
            findings.append(
                Finding(attribute=attribute, decision=decision, score=score, threshold=threshold)
            )
    if not findings:
        return _ALLOWED
    findings.sort(key=lambda one: (one.decision is not Decision.REJECT, -one.score))
    return Judgement(decision=findings[0].decision, findings=tuple(findings))


def clauses(text: str) -> list[Place]:
    """Return the first clauses of a text that say something, without the blanks around them."""
    places = (place for start, end in _sentences(text) for place in _parts(text, start, end))
    return [place for place in places if place[1] - place[0] >= SHORTEST][:CLAUSES]


def reasons(
    findings: Iterable[Finding], text: str, scored: Mapping[Place, Scores]
) -> tuple[Reason, ...]:
    """Return each finding with its span: the clause whose score is highest, or the whole text."""
    ruled = _ruled(text)
    return tuple(
        _reason(one, text, ruled.get(one.attribute) or _span(one.attribute, text, scored))
        for one in findings
    )


def settle(
    held: HeldReview | None,
    settled: Settlement | None,
    decision: ModerationDecision,
    result_id: str,
) -> Effect:
    """Return what a person's decision, whose outcome has `result_id`, does.

    `held` is the review's latest hold. A repeat of the decision that settled it has the same effect
    again, and none on a later hold.
    """
    if held is None or decision.held_id not in (None, held.result_id):
        return Effect.NOT_WAITING
    if settled is None:
        return Effect.APPLIED
    is_latest = settled.held_id == held.result_id
    if settled.result_id == result_id:
        return Effect.APPLIED if is_latest else Effect.NOT_WAITING
    return Effect.ALREADY_DECIDED if is_latest else Effect.APPLIED


def _sentences(text: str) -> Iterable[Place]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, end.end()
        start = end.end()
    yield start, len(text)


def _parts(text: str, start: int, end: int) -> Iterable[Place]:
    for found in _CLAUSE.finditer(text, start, end):
        yield bare(text, *found.span())


def _ruled(text: str) -> dict[str, Place]:
    """Return the attributes that rules find in a text, each with its first place."""
    places = {
        PERSONAL_DATA: [(span.start, span.end) for span in find(text)],
        THREAT: threats(text),
    }
    return {attribute: found[0] for attribute, found in places.items() if found}


def _span(attribute: str, text: str, scored: Mapping[Place, Scores]) -> Place:
    return max(scored, key=lambda at: scored[at].get(attribute, 0.0), default=(0, len(text)))


def _reason(finding: Finding, text: str, span: Place) -> Reason:
    start, end = span
    return Reason(
        attribute=finding.attribute,
        score=finding.score,
        threshold=finding.threshold,
        text=text[start : min(end, start + QUOTED)],
        start=start,
        end=end,
    )
