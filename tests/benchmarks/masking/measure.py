"""Precision and recall by kind, false alarms and speed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.masking import Kind, Span, find, mask
from tests.benchmarks.masking.sentences import Sentence

MARGIN = 6
"""Characters that a find may be longer than what was written: what leads up to an address."""


@dataclass
class Tally:
    """Finds counted: right, of all that were made, of all that there were."""

    right: int = 0
    made: int = 0
    there: int = 0

    @property
    def precision(self) -> float:
        """Of the finds, the share that is right."""
        return self.right / self.made if self.made else 1.0

    @property
    def recall(self) -> float:
        """Of what there was, the share that was found whole."""
        return self.right / self.there if self.there else 1.0


@dataclass
class Quality:
    """Tallies by kind, and recall by written form."""

    kinds: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in Kind})
    forms: dict[str, Tally] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)  # texts, for whoever improves the patterns


def quality(sentences: Iterable[Sentence]) -> Quality:
    """Return how well the finder does on sentences whose answer is known."""
    found = Quality()
    for sentence in sentences:
        spans = find(sentence.text)
        for span in spans:
            found.kinds[span.kind].made += 1
        for wanted in sentence.spans:
            right = any(_covers(span, wanted) for span in spans)
            for tally in (
                found.kinds[wanted.kind],
                found.forms.setdefault(sentence.form, Tally()),
            ):
                tally.there += 1
                tally.right += right
        if len(spans) != len(sentence.spans) or not all(
            any(_covers(span, wanted) for span in spans) for wanted in sentence.spans
        ):
            found.missed.append(f"{sentence.form}: {mask(sentence.text)} | {sentence.text}")
    return found


def _covers(span: Span, wanted: Span) -> bool:
    return (
        span.kind is wanted.kind
        and span.start <= wanted.start
        and span.end >= wanted.end
        and (span.end - span.start) - (wanted.end - wanted.start) <= MARGIN
    )


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """What is found in texts that hold next to nothing personal."""

    texts: int
    finds: Counter[Kind]
    characters: int
    seconds: float  # of processor time
    found: tuple[str, ...]  # the finds, to be looked at; never written to a file


def alarms(texts: Sequence[str]) -> Alarms:
    """Look through real texts."""
    finds: Counter[Kind] = Counter()
    shown: list[str] = []
    begin = time.process_time()
    results = [find(text) for text in texts]
    seconds = time.process_time() - begin
    for text, spans in zip(texts, results, strict=True):
        for span in spans:
            finds[span.kind] += 1
            shown.append(f"{span.kind}: {text[span.start : span.end]}")
    return Alarms(
        texts=len(texts),
        finds=finds,
        characters=sum(map(len, texts)),
        seconds=seconds,
        found=tuple(shown),
    )
