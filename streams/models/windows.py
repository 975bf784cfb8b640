"""Comparisons of two models, added up over a while."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from inference.messages import ModelInfo
from inference.shadow import Agreement
from schemas.models import LabelPair, ModelAgreement
from streams.outgoing import model_id

DIGITS = 6


class _Window:
    def __init__(self, first: Agreement, began: datetime) -> None:
        self.slot = first.slot
        self.began = began
        self.in_use = first.in_use
        self.candidate = first.candidate
        self.items = 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.difference = self.largest = self.share = 0.0

    def add(self, agreement: Agreement, share: float) -> None:
        # The last answers come when nothing is compared any more: then there is no share.
        self.share = max(self.share, share)
        self.items += agreement.items
        self.pairs.update(agreement.pairs)
        self.difference += agreement.difference
        self.largest = max(self.largest, agreement.largest)


class Windows:
    """The open window of each pair of models."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._open: dict[tuple[ModelInfo, ModelInfo], _Window] = {}

    def add(self, agreement: Agreement, share: float) -> None:
        """Take in what was compared of this share of a slot's traffic."""
        if not agreement.items:
            return
        pair = (agreement.in_use, agreement.candidate)
        if pair not in self._open:
            self._open[pair] = _Window(agreement, datetime.now(UTC))
        self._open[pair].add(agreement, share)

    def close(self) -> list[ModelAgreement]:
        """End all windows and return what they hold."""
        closed = [self._message(one) for one in self._open.values()]
        self._open.clear()
        return closed

    def _message(self, window: _Window) -> ModelAgreement:
        labelled = bool(window.in_use.labels and window.candidate.labels)
        agreeing = sum(count for (one, other), count in window.pairs.items() if one == other)
        return ModelAgreement(
            slot=window.slot,
            worker=self._worker,
            window_start=window.began,
            window_end=datetime.now(UTC),
            in_use=model_id(window.in_use),
            candidate=model_id(window.candidate),
            share=window.share,
            compared=window.items,
            agreeing=agreeing if labelled else None,
            pairs=tuple(
                LabelPair(in_use=one, candidate=other, count=count)
                for (one, other), count in window.pairs.most_common()
            ),
            mean_distance=round(window.difference / window.items, DIGITS),
            max_distance=round(window.largest, DIGITS),
        )
