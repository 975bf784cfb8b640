"""Dead letters for people and machines; nothing from a record can reach the terminal's controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.text import Text

from schemas.letters import DeadLetter
from streams.cli.printable import harmless

SHOWN_CHARACTERS: Final = 4000
_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_KEPT: Final = frozenset("\n\t")


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago it was, in its largest unit: `3h`."""
    seconds = max(0, int(((now or datetime.now(UTC)) - moment).total_seconds()))
    unit, length = next(((u, n) for u, n in _UNITS if seconds >= n), _UNITS[-1])
    return f"{seconds // length}{unit}"


def since(text: str) -> datetime:
    """Return the moment meant by `2h`, `7d`, `30m`, `90s` or a time in ISO 8601 (UTC if no zone).

    Raises `ValueError`.
    """
    lengths = dict(_UNITS)
    if text[-1:] in lengths and text[:-1].isdecimal():
        try:
            return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * lengths[text[-1]])
        except OverflowError as error:
            raise ValueError("that is too long ago") from error
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def line(letter: DeadLetter) -> Text:
    """Return what matters of a letter: age, id, task, code, reason."""
    return Text.assemble(
        (f"{age(letter.produced_at):>4}  ", "dim"),
        (harmless(letter.result_id), "bold"),
        (f"  {harmless(letter.task)}  ", "dim"),
        (f"{harmless(letter.code)}  ", "red"),
        harmless(letter.reason),
    )


def as_object(letter: DeadLetter) -> dict[str, Any]:
    """Return a letter for a machine, without the record's bytes."""
    return letter.model_dump(mode="json", exclude={"value", "headers", "key", "schema_version"})


class Summary:
    """Counts letters by their reason."""

    def __init__(self) -> None:
        self._codes: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}

    def add(self, letter: DeadLetter) -> None:
        """Count a letter."""
        self._codes[letter.code] += 1
        self._reasons.setdefault(letter.code, Counter())[letter.reason] += 1

    def lines(self) -> Iterator[Text]:
        """Yield the total, then each code, the most frequent first, with its usual reason."""
        total = self._codes.total()
        yield Text(f"{total} dead letter{'' if total == 1 else 's'}")
        for code, count in self._codes.most_common():
            reasons = self._reasons[code]
            reason, _ = reasons.most_common(1)[0]
            more = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
            yield Text.assemble(
                f"{count:>7}  ", (f"{harmless(code)}  ", "red"), harmless(reason), (more, "dim")
            )


def whole(letter: DeadLetter) -> Iterator[Text]:
    """Yield all of a letter, its value as text, cut to what a person reads."""
    for name, content in _fields(letter):
        yield Text.assemble((f"{name:<9} ", "dim"), harmless(content))
    yield Text("")
    value = letter.raw_value()
    if value is not None:
        yield from _shown(value)


def _fields(letter: DeadLetter) -> Iterable[tuple[str, str]]:
    place = letter.source
    yield "id", letter.result_id
    yield "task", letter.task
    yield "source", f"{place.topic}, partition {place.partition}, offset {place.offset}"
    if place.timestamp_ms >= 0:
        yield (
            "sent",
            f"{datetime.fromtimestamp(place.timestamp_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC",
        )
    buried = letter.produced_at.astimezone(UTC)
    yield "buried", f"{buried:%Y-%m-%d %H:%M:%S} UTC, {age(buried)} ago"
    yield "code", letter.code
    yield "reason", letter.reason
    if letter.detail is not None:
        yield "detail", letter.detail
    yield "attempts", str(letter.attempts)
    if letter.left_out_bytes:
        yield "left out", f"key and headers, {letter.left_out_bytes:,} bytes"
    else:
        yield "key", _text(letter.raw_key())
    for header in letter.headers:
        yield "header", f"{header.name} = {_text(header.raw_value())}"
    yield "value", _size(letter)


def _size(letter: DeadLetter) -> str:
    if letter.value is None:
        return "none (null)"
    whole = "" if letter.value_is_whole else ", too large to be carried whole"
    return f"{letter.value_bytes:,} bytes{whole}, SHA-256 {letter.value_sha256}"


def _text(value: bytes | None) -> str:
    return "none" if value is None else value.decode("utf-8", "backslashreplace")


def _shown(value: bytes) -> Sequence[Text]:
    beginning = value[: SHOWN_CHARACTERS * 4].decode("utf-8", "backslashreplace")
    shown = [Text(harmless(beginning[:SHOWN_CHARACTERS], _KEPT))]
    rest = len(value) - len(beginning[:SHOWN_CHARACTERS].encode("utf-8", "backslashreplace"))
    if len(beginning) > SHOWN_CHARACTERS or len(value) > SHOWN_CHARACTERS * 4:
        shown.append(
            Text(f"... and about {max(rest, 1):,} bytes more: --raw FILE writes all", "dim")
        )
    return shown
