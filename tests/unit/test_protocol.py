"""Frames come back as they went, and what is no frame is an error of its own."""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import frames, protocol
from inference.errors import InferenceError, ModelError, ProtocolError, QueueFull, TooLate
from inference.messages import Answer, Item, ItemError, Lane, ModelInfo, Statistics, Worked
from inference.protocol import Frame
from inference.settings import InferenceSettings

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
headers = st.dictionaries(st.text().filter(lambda name: name != "kind"), json_values, max_size=4)
items = st.lists(st.text() | st.lists(st.text(), max_size=3), max_size=5)


def model(width: int) -> ModelInfo:
    return ModelInfo(
        slot="s", name="n", hash="h", labels=("好",), width=width, device="cpu", dtype="float32"
    )


async def read_all(data: bytes) -> list[Frame]:
    reader = asyncio.StreamReader(limit=2**20)
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while (frame := await protocol.read(reader)) is not None:
        found.append(frame)
    return found


@given(st.lists(st.builds(Frame, kind=st.text(), header=headers, body=st.binary()), max_size=4))
def test_frames_come_back(sent: list[Frame]) -> None:
    data = b"".join(map(protocol.encode, sent))
    assert asyncio.run(read_all(data)) == sent


@given(st.builds(Frame, kind=st.text(), header=headers, body=st.binary()), st.data())
def test_a_frame_cut_short_is_the_end(frame: Frame, data: st.DataObject) -> None:
    whole = protocol.encode(frame)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    assert asyncio.run(read_all(whole[:cut])) == []


@given(st.binary(), st.binary(max_size=8))
def test_noise_is_a_protocol_error_or_a_frame(header: bytes, body: bytes) -> None:
    try:
        frame = protocol.decode(header, body)
    except ProtocolError:
        return
    assert orjson.loads(header) == {**frame.header, "kind": frame.kind}


@pytest.mark.parametrize("header", [b"[]", b"{}", b"1", b'{"kind": 1}', b"{", b"", b"\xff"])
def test_a_header_that_says_nothing_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(header, b"")


async def test_a_size_that_no_frame_has_is_refused_unread() -> None:
    with pytest.raises(ProtocolError, match="too large"):
        await read_all(b"\xff" * 8)


def test_a_frame_that_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_FRAME_BYTES", 100)
    with pytest.raises(ProtocolError, match="too large"):
        protocol.encode(Frame(kind="answer", body=bytes(200)))


def decoded(data: bytes) -> Frame:
    (frame,) = asyncio.run(read_all(data))
    return frame


@given(items, st.sampled_from(Lane), st.sampled_from(frames.Seat))
def test_requests_come_back(asked: list[Item], lane: Lane, seat: frames.Seat) -> None:
    ask = frames.Ask(request=7, slot="sentiment", lane=lane, items=asked, seat=seat)
    assert frames.read_ask(decoded(frames.ask_bytes(ask))) == ask


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.inf), max_size=5))
def test_deadlines_come_back(within_s: list[float]) -> None:
    ask = frames.Ask(
        request=7, slot="s", lane=Lane.CHAT, items=["text"] * len(within_s), within_s=within_s
    )
    assert frames.read_ask(decoded(frames.ask_bytes(ask))) == ask


def test_half_an_emoji_keeps_no_text_from_its_scores() -> None:
    ask = frames.Ask(request=1, slot="s", lane=Lane.CHAT, items=["ok\ud83d", ["\ud83d", "好"]])
    assert frames.read_ask(decoded(frames.ask_bytes(ask))).items == ["ok?", ["?", "好"]]


@given(st.integers(0, 5), st.integers(1, 4))
def test_answers_come_back(count: int, width: int) -> None:
    numbers = np.random.default_rng(count).random((count, width)).astype(np.float32)
    errors = {0: ItemError(code="model_failed", reason="why")} if count else {}
    waits = np.arange(count, dtype=np.float32)
    scores = frames.Scores(
        request=3,
        rows=numbers,
        queue_ms=waits,
        compute_ms=waits + 1,
        errors=errors,
        version="s#2",
        cached=count,
    )
    answer: Answer = frames.read_answer(
        decoded(protocol.encode(frames.answer_frame(scores))),
        {"s#1": model(width + 1), "s#2": model(width)},
    )
    np.testing.assert_array_equal(answer.rows, numbers)
    np.testing.assert_array_equal(answer.queue_ms, waits)
    np.testing.assert_array_equal(answer.compute_ms, waits + 1)
    assert answer.errors == errors
    assert answer.model == model(width)
    assert answer.cached == count


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ({}, b""),
        ({"shape": [1, 2], "errors": {}}, b""),
        ({"shape": [1, 2], "errors": {}}, bytes(17)),
        ({"shape": [1, 3], "errors": {}}, bytes(20)),
        ({"shape": "ab", "errors": {}}, bytes(16)),
        ({"shape": [1, 2], "errors": []}, bytes(16)),
        ({"shape": [1, 2], "errors": {}, "version": "s#9"}, bytes(16)),
        ({"shape": [1, 2], "errors": {"x": {}}}, bytes(16)),
    ],
)
def test_an_answer_that_is_not_as_it_says_is_refused(header: dict[str, Any], body: bytes) -> None:
    whole = {"version": "s#1", "cached": 0, **header}
    frame = Frame(kind=frames.ANSWER, header=whole, body=body)
    with pytest.raises(ProtocolError):
        frames.read_answer(frame, {"s#1": model(2)})


def test_models_and_settings_come_back() -> None:
    loaded = frames.Loaded(version="s#1", source="bundled", model=model(1))
    assert frames.read_ready(decoded(protocol.encode(frames.ready_frame([loaded])))) == [loaded]
    granted = decoded(protocol.encode(frames.granted_frame(4, loaded)))
    assert (granted.header["request"], frames.read_granted(granted)) == (4, loaded)
    settings = InferenceSettings(models={"s": "bundled"}, threads=1)
    frame = decoded(protocol.encode(frames.settings_frame(settings)))
    read = frames.read_settings(frame)
    assert asdict(read) == {**asdict(settings), "restart_delays_s": [0.0, 1.0, 5.0, 15.0, 30.0]}
    with pytest.raises(ProtocolError):
        frames.read_settings(Frame(kind="settings", header={"nonsense": 1}))
    with pytest.raises(ProtocolError):
        frames.read_ready(Frame(kind="ready", header={"models": [{}]}))


WHOLE = {"request": 1, "slot": "s", "lane": 0, "items": ["text"], "seat": "in_use"}


@pytest.mark.parametrize(
    "header",
    [
        {},
        {**WHOLE, "lane": 9},
        {"lane": 0, "request": 1},
        {**WHOLE, "seat": "beside"},
        {**WHOLE, "within_s": []},
        {**WHOLE, "within_s": ["soon"]},
        {**WHOLE, "within_s": 5},
    ],
)
def test_a_request_that_lacks_something_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        frames.read_ask(Frame(kind=frames.ASK, header=header))


def test_statistics_come_back() -> None:
    statistics = Statistics(
        waiting={"chat": 3},
        batch_tokens={"s": 512},
        cached_rows=1,
        worked={"s": Worked(batches=2, items=9, tokens=80, padded_tokens=99, busy_s=0.5)},
        device_bytes={"cpu": 1024},
    )
    frame = decoded(protocol.encode(frames.alive_frame(statistics)))
    assert frames.read_alive(frame) == statistics
    for header in ({"mood": "fine"}, {"worked": {"s": {"hours": 8}}}, {"worked": 5}):
        with pytest.raises(ProtocolError):
            frames.read_alive(Frame(kind=frames.ALIVE, header=header))


@pytest.mark.parametrize("source", ["bundled", None])
@pytest.mark.parametrize("action", frames.Action)
def test_wishes_come_back(action: frames.Action, source: str | None) -> None:
    wish = frames.Wish(request=1, action=action, slot="s", source=source)
    assert frames.read_wish(decoded(protocol.encode(frames.wish_frame(wish)))) == wish


@pytest.mark.parametrize("header", [{}, {"action": "burn"}, {"action": "load", "request": 1}])
def test_a_wish_that_lacks_something_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        frames.read_wish(Frame(kind=frames.WISH, header=header))
    with pytest.raises(ProtocolError):
        frames.read_granted(Frame(kind=frames.GRANTED, header=header))


@pytest.mark.parametrize("kind", [ModelError, QueueFull, TooLate])
def test_refusals_keep_their_type(kind: type[InferenceError]) -> None:
    frame = frames.refused_frame(5, kind("2 items wait, and 2 may"))
    error = frames.read_refused(frame)
    assert type(error) is kind
    assert str(error) == "2 items wait, and 2 may"
    unknown = frames.read_refused(Frame(kind="refused", header={"error": "SystemExit"}))
    assert type(unknown) is InferenceError
