"""Questions with their replies: files in; training, validation and test out.

A row is a question and its reply, or the turns of a conversation (a JSON list, latest last) and
what was said next. Of a conversation that is trained on, each turn is a reply to those before it.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from inference.files.columns import Columns, require_columns, require_fields
from inference.files.errors import ColumnError, DataError
from inference.files.readers import read_rows
from inference.training.data.cleaning import clean, folded
from inference.training.data.losses import Loss, Reason, check_usable, refuse, told

QUESTION: Final = "question"
TURNS: Final = "turns"
REPLY: Final = "reply"
LATE: Final = 3
"""Turns of a conversation that are read, the latest."""
MOST_HELD: Final = 1_000
"""Exchanges of a part that is measured: a reply is looked for among those of its part."""
SHORTEST: Final = 4
"""Characters of a turn that is a reply: of shorter ones, "ok", there is nothing to learn."""
FEWEST: Final = 20
"""Exchanges to train on."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said, and what was said next."""

    turns: tuple[str, ...]  # at least one, none of them empty, the latest last
    reply: str
    place: str  # "chats.jsonl, line 17"

    @property
    def late(self) -> tuple[str, ...]:
        """The turns that are read."""
        return self.turns[-LATE:]

    @property
    def asked(self) -> str:
        """What two exchanges have in common that answer the same."""
        return folded(" ".join(self.late))


@dataclass(frozen=True, kw_only=True)
class ExchangesRequest:
    """Which data, and how it is read and parted."""

    files: tuple[Path, ...]
    columns: Columns = field(default_factory=Columns)
    held: float = 0.1  # share that chooses the epoch, and share that is measured; see `MOST_HELD`
    # The first `MOST_HELD` of it are measured, all are taken out of training; None: a share.
    test: Path | None = None
    seed: int = 17
    limit: int | None = None  # rows of each file
    strict: bool = False  # raise where a row would be left out


@dataclass(frozen=True, kw_only=True)
class Exchanges:
    """What is trained on, chosen on and measured on; no question stands in two of them."""

    train: list[Exchange]
    validation: list[Exchange]
    test: list[Exchange]
    losses: list[Loss]  # of the test file too
    rows: int  # of the files, without the test file's
    sources: tuple[str, ...]  # names of the files

    @property
    def digest(self) -> str:
        """Hash of all texts in their order, 16 hex digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for one in part:
                digest.update("\0".join((*one.turns, one.reply, "\1")).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class FoundExchanges:
    """What a file holds."""

    exchanges: list[Exchange]
    losses: list[Loss]
    rows: int


def load_exchanges(request: ExchangesRequest) -> Exchanges:
    """Return the parts; raises `FilesError` with a sentence where nothing can be trained on them.

    With `strict`, a row that would be left out is an error.
    """
    found = [read_exchanges(path, request.columns, request.limit) for path in request.files]
    kept, doubled = distinct([one for part in found for one in part.exchanges])
    losses = [*(loss for one in found for loss in one.losses), *doubled]
    test: list[Exchange] = []
    if request.test is not None:
        tested = read_exchanges(request.test, request.columns, request.limit)
        test, doubled = distinct(tested.exchanges)
        kept, leaked = without(kept, test)
        test = test[:MOST_HELD]
        losses += [*tested.losses, *doubled, *leaked]
    if request.strict:
        refuse(losses)
    if request.test is None:
        kept, test = parted(kept, request.held, request.seed)
    train, validation = parted(kept, request.held, request.seed + 1)
    if len(train) < FEWEST or not validation:
        names = ", ".join(str(path) for path in request.files)
        raise DataError(f"{len(train)} exchanges of {names} are too few: {FEWEST} are the least")
    within, _ = without(unfolded(train), [*validation, *test])
    return Exchanges(
        train=within,
        validation=validation,
        test=test,
        losses=losses,
        rows=sum(one.rows for one in found),
        sources=tuple(path.name for path in request.files),
    )


def read_exchanges(path: Path, columns: Columns, limit: int | None = None) -> FoundExchanges:
    """Return a file's exchanges, cleaned, and what is left out of it.

    Raises `FileError` where it cannot be read, `ColumnError` where a column that is mapped is not
    there or no row has what is needed, and `DataError` where it has no rows or more than a tenth of
    them are unusable.
    """
    exchanges: list[Exchange] = []
    losses: list[Loss] = []
    rows = 0
    there: dict[str, None] = {}
    require_fields(columns.renamed, (QUESTION, TURNS, REPLY), "--map")
    for row in islice(read_rows(path), limit):
        rows += 1
        there.update(dict.fromkeys(row.fields or {}))
        place = f"{path.name}, line {row.line}"
        fields = columns.apply(row.fields or {})
        one = Exchange(said(_turns(fields)), clean(str(fields.get(REPLY) or "")), place)
        if row.fields is None or row.fault:
            losses.append(Loss(Reason.BROKEN, place, row.fault))
        elif not one.turns or not one.reply:
            losses.append(Loss(Reason.NO_REPLY if one.turns else Reason.NO_TEXT, place))
        else:
            exchanges.append(one)
    if not rows:
        raise DataError(f"{path} has no rows")
    if there:
        require_columns(columns, there, path.name)
    if not exchanges:
        raise ColumnError(_nothing(path, list(there), losses))
    check_usable(losses, rows, path)
    return FoundExchanges(exchanges=exchanges, losses=losses, rows=rows)


def said(turns: Iterable[str]) -> tuple[str, ...]:
    """Return the turns that say something, cleaned."""
    return tuple(text for turn in turns if (text := clean(turn)))


def unfolded(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Return the exchanges and those within them.

    Whose turn it was is not known: customers' are replies like the shop's.
    """
    return [part for one in exchanges for part in (one, *_within(one))]


def _within(one: Exchange) -> Iterable[Exchange]:
    for at, turn in enumerate(one.turns[1:], start=1):
        if len(turn) >= SHORTEST:
            yield Exchange(one.turns[:at], turn, one.place)


def distinct(exchanges: Sequence[Exchange]) -> tuple[list[Exchange], list[Loss]]:
    """Return the first of each question and reply, and what is left out.

    A question may well have several replies.
    """
    kept: dict[tuple[str, str], Exchange] = {}
    losses: list[Loss] = []
    for one in exchanges:
        if kept.setdefault((one.asked, folded(one.reply)), one) is not one:
            losses.append(Loss(Reason.DUPLICATE, one.place))
    return list(kept.values()), losses


def without(
    exchanges: Iterable[Exchange], known: Iterable[Exchange]
) -> tuple[list[Exchange], list[Loss]]:
    """Return the exchanges whose question is none of `known`, and the leaks."""
    taken = {one.asked for one in known}
    kept: list[Exchange] = []
    losses: list[Loss] = []
    for one in exchanges:
        if one.asked in taken:
            losses.append(Loss(Reason.LEAK, one.place))
        else:
            kept.append(one)
    return kept, losses


def parted(
    exchanges: Sequence[Exchange], share: float, seed: int
) -> tuple[list[Exchange], list[Exchange]]:
    """Return (the rest, about a `share`, `MOST_HELD` at most); a question is in one of them."""
    groups: dict[str, list[Exchange]] = defaultdict(list)
    for one in exchanges:
        groups[one.asked].append(one)
    order = list(groups)
    random.Random(seed).shuffle(order)
    wanted = min(MOST_HELD, round(share * len(exchanges)))
    rest: list[Exchange] = []
    part: list[Exchange] = []
    for asked in order:
        (part if len(part) + len(groups[asked]) <= wanted else rest).extend(groups[asked])
    return rest, part


def _turns(fields: Mapping[str, Any]) -> list[str]:
    turns = fields.get(TURNS)
    if isinstance(turns, list):
        return [str(turn) for turn in turns]
    return [str(fields.get(QUESTION) or "")]


def _nothing(path: Path, there: list[str], losses: list[Loss]) -> str:
    if not there:
        return f"no row of {path} can be read: {'; '.join(told(losses))}"
    return (
        f"no row of {path} has a {QUESTION} (or {TURNS}, a list) and a {REPLY}; it has "
        f"{', '.join(there)}. Say which they are with --map {QUESTION}=COLUMN,{REPLY}=COLUMN"
    )
