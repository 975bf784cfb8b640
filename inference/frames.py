"""The kinds of frames, and what each holds.

To the worker:    settings, then ask, cancel and wish.
From the worker:  ready or failed, then answer, granted, refused and alive; failed again if it
                  cannot go on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from inference.errors import (
    InferenceError,
    ModelError,
    ProtocolError,
    QueueFull,
    TooLate,
    UnknownSlot,
)
from inference.messages import (
    Answer,
    Floats,
    Item,
    ItemError,
    Lane,
    ModelInfo,
    Plan,
    Statistics,
    Worked,
)
from inference.protocol import Frame, encode
from inference.recorder import ItemId
from inference.settings import InferenceSettings

SETTINGS, ASK, CANCEL, WISH = "settings", "ask", "cancel", "wish"
READY, FAILED, ANSWER, REFUSED = "ready", "failed", "answer", "refused"
GRANTED, ALIVE = "granted", "alive"
_NUMBERS = np.dtype("<f4")
_REFUSALS: dict[str, type[InferenceError]] = {
    error.__name__: error for error in (ModelError, QueueFull, TooLate, UnknownSlot, ProtocolError)
}


class Seat(StrEnum):
    """Which of a slot's models is asked."""

    IN_USE = "in_use"
    LOADED = "loaded"  # the one that is to come


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request."""

    request: int  # its number, of the client's count
    slot: str  # the model that it asks
    lane: Lane  # the queue that it waits in
    items: Sequence[Item]  # what the model is asked
    within_s: Sequence[float] | None = None
    """Of each item, the seconds from the frame's arrival in which it must have had its turn; a
    time of day or a clock's reading would mean another moment in another process. None: no item
    has a deadline; infinity: this one has none."""
    seat: Seat = Seat.IN_USE
    apart: Sequence[int] = field(default_factory=list)
    """Places of items that are suspected of ending the worker: each rides with no other."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What the worker found for one request."""

    request: int  # its number
    rows: Floats  # [items, width]
    queue_ms: Floats  # [items]
    compute_ms: Floats  # [items]
    errors: Mapping[int, ItemError]  # by the item's place
    version: str  # key of the model that found it
    cached: int = 0  # items that it had no work with


class Action(StrEnum):
    """What can be done with a slot's models."""

    LOAD = "load"  # put one beside that in use
    SWAP = "swap"  # use it, and free the one before
    DROP = "drop"  # free it


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be done with the models of a slot."""

    request: int  # its number, of the client's count
    action: Action
    slot: str
    source: str | None = None  # what to load; a swap without one uses what was loaded


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One model in the worker."""

    version: str  # its key, never used again: what answers call it
    source: str  # what it was loaded from: `bundled`, a folder or a Hugging Face name
    model: ModelInfo


def settings_frame(settings: InferenceSettings) -> Frame:
    """Return the first frame of a worker's life."""
    return Frame(kind=SETTINGS, header={**vars(settings), "models": dict(settings.models)})


def read_settings(frame: Frame) -> InferenceSettings:
    """Return what the worker is to do; raises `ProtocolError`."""
    try:
        return InferenceSettings(**frame.header)
    except TypeError as error:
        raise ProtocolError("the worker's settings have unknown or missing fields") from error


def ready_frame(models: Sequence[Loaded]) -> Frame:
    """Return the frame that says that all models are warm."""
    return Frame(kind=READY, header={"models": [asdict(model) for model in models]})


def read_ready(frame: Frame) -> list[Loaded]:
    """Return the loaded models; raises `ProtocolError`."""
    try:
        return [_loaded(fields) for fields in frame.header["models"]]
    except (KeyError, TypeError) as error:
        raise ProtocolError("the worker does not say which models it has") from error


def wish_frame(wish: Wish) -> Frame:
    """Return a wish as it travels."""
    return Frame(kind=WISH, header=asdict(wish))


def read_wish(frame: Frame) -> Wish:
    """Return a wish; raises `ProtocolError`."""
    try:
        return Wish(**{**frame.header, "action": Action(frame.header["action"])})
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError("a wish has unknown or missing fields") from error


def granted_frame(request: int, loaded: Loaded) -> Frame:
    """Return the frame that says which model a wish led to."""
    return Frame(kind=GRANTED, header={"request": request, "loaded": asdict(loaded)})


def read_granted(frame: Frame) -> Loaded:
    """Return the model that a wish led to; raises `ProtocolError`."""
    try:
        return _loaded(frame.header["loaded"])
    except (KeyError, TypeError) as error:
        raise ProtocolError("a wish was granted, and not which model") from error


def _loaded(fields: Mapping[str, Any]) -> Loaded:
    model = fields["model"]
    plan = None if model["plan"] is None else Plan(**model["plan"])
    info = ModelInfo(**{**model, "labels": tuple(model["labels"]), "plan": plan})
    return Loaded(**{**fields, "model": info})


def ask_bytes(ask: Ask) -> bytes:
    """Return a request as it travels; what UTF-8 cannot write becomes a question mark."""
    header = {**vars(ask), "lane": int(ask.lane), "items": list(ask.items)}
    if ask.within_s is not None:
        # JSON knows no infinity.
        header["within_s"] = [None if math.isinf(one) else one for one in ask.within_s]
    frame = Frame(kind=ASK, header=header)
    try:
        return encode(frame)
    except ProtocolError as error:
        if error.__cause__ is None:  # too large
            raise
    # A lone surrogate, half of an emoji cut in two, must not keep a text from its scores.
    frame.header["items"] = [_writable(item) for item in ask.items]
    return encode(frame)


def _writable(item: Item) -> Item:
    if isinstance(item, str):
        return item.encode("utf-8", "replace").decode("utf-8")
    return [text.encode("utf-8", "replace").decode("utf-8") for text in item]


def read_ask(frame: Frame) -> Ask:
    """Return a request; raises `ProtocolError`."""
    try:
        header = frame.header
        fields = {**header, "lane": Lane(header["lane"]), "seat": Seat(header["seat"])}
        if (within_s := fields.get("within_s")) is not None:
            fields["within_s"] = [math.inf if one is None else float(one) for one in within_s]
            if len(within_s) != len(fields["items"]):
                raise ValueError("not every item has a deadline")
        return Ask(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError("a request has unknown or missing fields") from error


def cancel_frame(request: int) -> Frame:
    """Return the frame that says that nobody waits for a request any more."""
    return Frame(kind=CANCEL, header={"request": request})


def refused_frame(request: int, error: InferenceError) -> Frame:
    """Return the frame that says why a request has no answer."""
    header = {"request": request, "error": type(error).__name__, "reason": str(error)}
    return Frame(kind=REFUSED, header=header)


def read_refused(frame: Frame) -> InferenceError:
    """Return the error that ends a request."""
    kind = _REFUSALS.get(str(frame.header.get("error")), InferenceError)
    return kind(str(frame.header.get("reason")))


def failed_frame(reason: str, suspects: Collection[ItemId] = ()) -> Frame:
    """Return the frame that says why the worker cannot go on, and over which items, if known."""
    return Frame(kind=FAILED, header={"reason": reason, "suspects": sorted(suspects)})


def read_failed(frame: Frame) -> frozenset[ItemId]:
    """Return the items that the worker could not go on over; none if it does not know."""
    try:
        return frozenset((int(item[0]), int(item[1])) for item in frame.header["suspects"])
    except (KeyError, TypeError, ValueError, IndexError):
        return frozenset()  # its last words are not as they should be; it has ended anyway


def alive_frame(statistics: Statistics) -> Frame:
    """Return the frame that says that nothing hangs, and how things stand."""
    return Frame(kind=ALIVE, header=asdict(statistics))


def read_alive(frame: Frame) -> Statistics:
    """Return how the worker stands; raises `ProtocolError`."""
    try:
        worked = {slot: Worked(**done) for slot, done in frame.header["worked"].items()}
        return Statistics(**{**frame.header, "worked": worked})
    except (AttributeError, KeyError, TypeError) as error:
        raise ProtocolError("the worker says that it is alive, and not how") from error


def answer_frame(scores: Scores) -> Frame:
    """Return a request's scores as they travel."""
    errors = {str(place): asdict(error) for place, error in scores.errors.items()}
    header = {
        "request": scores.request,
        "shape": scores.rows.shape,
        "errors": errors,
        "version": scores.version,
        "cached": scores.cached,
    }
    parts = (scores.rows, scores.queue_ms, scores.compute_ms)
    body = b"".join(np.ascontiguousarray(part, dtype=_NUMBERS).tobytes() for part in parts)
    return Frame(kind=ANSWER, header=header, body=body)


def read_answer(frame: Frame, models: Mapping[str, ModelInfo]) -> Answer:
    """Return a request's answer; `models` are by version. Raises `ProtocolError`."""
    try:
        numbers = np.frombuffer(frame.body, dtype=_NUMBERS)
        return _answer(frame.header, numbers, models[frame.header["version"]])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError("an answer is not as it should be") from error


def _answer(header: Mapping[str, Any], numbers: Floats, model: ModelInfo) -> Answer:
    count, width = header["shape"]
    if width != model.width or len(numbers) != count * (width + 2):
        raise ValueError(header["shape"])
    waits = numbers[count * width :]
    return Answer(
        rows=numbers[: count * width].reshape(count, width),
        errors={int(place): ItemError(**error) for place, error in header["errors"].items()},
        queue_ms=waits[:count],
        compute_ms=waits[count:],
        model=model,
        cached=int(header["cached"]),
    )
