"""Files in; training, validation and test out, and what was left out on the way."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inference.files.columns import Columns
from inference.files.errors import DataError
from inference.training.data.cleaning import clean
from inference.training.data.duplicates import distinct, without
from inference.training.data.labelling import SENTIMENTS, Labelling
from inference.training.data.losses import Loss, refuse
from inference.training.data.reading import Example, Found, read_examples
from inference.training.data.splits import FEWEST, stratified


@dataclass(frozen=True, kw_only=True)
class DataRequest:
    """Which data, and how it is read and parted."""

    files: tuple[Path, ...]
    labelling: Labelling
    columns: Columns = field(default_factory=Columns)
    second: str | None = None  # column of the second text, for models that read two together
    validation: float = 0.1  # share of the texts on which the epoch is chosen
    test: Path | None = None  # measured at the end and taken out of training; None: a share
    test_share: float = 0.1  # where there is no such file
    seed: int = 17
    limit: int | None = None  # rows of each file
    strict: bool = False  # raise where a row would be left out


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What a model is trained on, chosen on and measured on; no text stands in two of them."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]
    labels: tuple[str, ...]  # in the order of the model's columns
    many: bool  # whether a text may have several labels, or none
    losses: list[Loss]  # of the test file too
    rows: int  # of the files, those left out among them, without the test file's
    sources: tuple[str, ...]  # names of the files
    second: str | None = None  # what the second text of each example is, where there is one

    @property
    def digest(self) -> str:
        """Hash of all texts and labels in their order, 16 hex digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for one in part:
                digest.update("\0".join((*one.texts, *one.labels, "\1")).encode())
        return digest.hexdigest()[:16]


def load_dataset(request: DataRequest) -> Dataset:
    """Return the parts; raises `FilesError` with a sentence where nothing can be trained on them.

    With `strict`, a row that would be left out is an error.
    """
    found = [_read(request, path) for path in request.files]
    losses = [loss for one in found for loss in one.losses]
    kept, doubled = distinct([example for one in found for example in one.examples])
    named: list[Example] = []
    losses += doubled
    if request.test is not None:
        tested = _read(request, request.test)
        named, doubled = distinct(tested.examples)
        kept, leaked = without(kept, named)
        losses += [*tested.losses, *doubled, *leaked]
    if request.strict:
        refuse(losses)
    labels = _labels(kept, request)
    train, test = (kept, named)
    if request.test is None:
        train, test = stratified(kept, request.test_share, request.seed)
    train, validation = stratified(train, request.validation, request.seed + 1)
    _check_parts(train, validation, labels, many=request.labelling.many)
    return Dataset(
        train=train,
        validation=validation,
        test=_known(test, labels),
        labels=labels,
        many=request.labelling.many,
        losses=losses,
        rows=sum(one.rows for one in found),
        sources=tuple(path.name for path in request.files),
        second=request.second,
    )


def _read(request: DataRequest, path: Path) -> Found:
    return read_examples(
        path,
        request.columns,
        request.labelling,
        second=request.second,
        limit=request.limit,
        prepare=clean,
    )


def _labels(examples: Sequence[Example], request: DataRequest) -> tuple[str, ...]:
    """Return the labels in a fixed order; raises `DataError` where they tell nothing apart."""
    counts = Counter(name for one in examples for name in one.labels)
    names = ", ".join(str(path) for path in request.files)
    if not examples:
        raise DataError(f"no row of {names} is left to train on")
    if request.labelling.many:
        _check_attributes(counts, len(examples), names)
    elif len(counts) < 2:
        only = next(iter(counts))
        raise DataError(
            f"each of the {len(examples)} rows of {names} is {only!r}: a model needs examples of "
            "at least two labels to tell them apart"
        )
    known = [name for name in SENTIMENTS if name in counts]
    return tuple(known) if len(known) == len(counts) else tuple(sorted(counts))


def _check_attributes(counts: Counter[str], examples: int, names: str) -> None:
    if not counts:
        raise DataError(f"no row of {names} has any attribute set: there is nothing to learn")
    for name, count in counts.items():
        if count == examples:
            raise DataError(
                f"each of the {examples} rows of {names} has {name!r} set: a model needs examples "
                "without it too"
            )


def _check_parts(
    train: Sequence[Example],
    validation: Sequence[Example],
    labels: Sequence[str],
    *,
    many: bool,
) -> None:
    if not validation:
        raise DataError(
            f"{len(train)} rows are too few: a label needs {FEWEST} or more, so that one can be "
            "held out for validation"
        )
    lacking = set(labels) - {name for one in train for name in one.labels}
    if lacking and not many:
        raise DataError(f"no example of {sorted(lacking)[0]!r} is left to train on")


def _known(examples: Sequence[Example], labels: Sequence[str]) -> list[Example]:
    """Return the test's examples; raises `DataError` for a label that training never saw."""
    known = set(labels)
    for one in examples:
        strange = sorted(set(one.labels) - known)
        if strange:
            raise DataError(f"{one.place}: no row that is trained on has the label {strange[0]!r}")
    return list(examples)
