"""What the dashboard tells, to whom, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import ClientSession

from streams.config_sections import WebSettings
from streams.errors import StartupError
from streams.publisher import Publication
from streams.telemetry.buckets import Buckets
from streams.telemetry.figures import Step
from streams.telemetry.history import quantile
from streams.telemetry.recent import MAX_BYTES, Recent
from streams.web import live
from streams.web.access import read_token
from streams.web.server import MAX_BODY_BYTES
from tests.pages import SCRIPT, Page, served
from tests.waiting import until

TOKEN = "a-token-of-enough-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
RESEND = "/api/dead-letters/resend"
LETTER = "reviews-0-7-sentiment"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as one:
        yield one


@pytest.fixture
async def page(token_file: Path) -> AsyncIterator[Page]:
    async with served(WebSettings(token_file=token_file)) as one:
        one.bury(7, code="bad_json", reason="it is no JSON")
        yield one


async def ask(session: ClientSession, page: Page, path: str, **more: Any) -> tuple[int, Any]:
    async with session.get(page.address + path, **more) as answer:
        return answer.status, await answer.json()


async def resend(session: ClientSession, page: Page, **more: Any) -> int:
    options: dict[str, Any] = {"json": {"ids": [LETTER]}, "headers": BEARER, **more}
    async with session.post(page.address + RESEND, **options) as answer:
        return answer.status


# -- who may what


async def test_a_change_needs_the_token(session: ClientSession, page: Page) -> None:
    assert await resend(session, page, headers={}) == 401
    assert await resend(session, page, headers={"Authorization": "Bearer wrong"}) == 401
    assert page.records.resent == []
    assert await resend(session, page) == 200
    assert page.records.resent == [LETTER]


async def test_without_a_token_nothing_can_be_changed(session: ClientSession) -> None:
    async with served() as page:
        assert await resend(session, page) == 403
        assert await resend(session, page, headers={"Authorization": "Bearer "}) == 403
        assert (await ask(session, page, "/api/outcomes"))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing(
    session: ClientSession, page: Page, headers: dict[str, str]
) -> None:
    assert await resend(session, page, headers=BEARER | headers) == 403
    assert page.records.resent == []


async def test_our_own_page_may(session: ClientSession, page: Page) -> None:
    own = {"Origin": page.address, "Sec-Fetch-Site": "same-origin"}
    assert await resend(session, page, headers=BEARER | own) == 200


async def test_a_name_that_was_turned_to_this_machine_sees_nothing(
    session: ClientSession, page: Page
) -> None:
    stranger = {"Host": f"evil.example:{page.port}"}
    assert (await ask(session, page, "/api/outcomes", headers=stranger))[0] == 421
    assert await resend(session, page, headers=BEARER | stranger) == 421
    local = {"Host": f"localhost:{page.port}"}
    assert (await ask(session, page, "/api/outcomes", headers=local))[0] == 200


async def test_beyond_this_machine_all_data_needs_the_token(
    session: ClientSession, token_file: Path
) -> None:
    async with served(WebSettings(host="192.0.2.1", token_file=token_file)) as page:
        assert (await ask(session, page, "/api/outcomes"))[0] == 401
        assert (await ask(session, page, "/api/live"))[0] == 401
        assert (await ask(session, page, "/api/outcomes", headers=BEARER))[0] == 200
        for path in ("/", "/healthz", "/readyz", "/metrics", "/static/app.js"):
            async with session.get(page.address + path) as answer:
                assert answer.status == 200
    async with served(WebSettings(host="192.0.2.1")) as page:
        status, body = await ask(session, page, "/api/outcomes")
        assert (status, "web.token_file" in body["error"]) == (403, True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"short\n", "fewer than 16"), (None, "cannot be read"), (b"\xff" * 20, "cannot be read")],
)
def test_a_token_file_of_no_use_is_one_clear_line(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartupError, match=reason):
        read_token(path)


async def test_browsers_are_told_to_run_nothing_but_ours(
    session: ClientSession, page: Page
) -> None:
    for path in ("/", "/static/app.js", "/api/outcomes", "/nothing-here"):
        async with session.get(page.address + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            body = await answer.text()
            assert "http://" not in body.replace("http://www.w3.org", "")
            assert "https://" not in body


# -- held reviews

DECIDE = "/api/held/decide"
WISH = {"held_id": "reviews-0-9-sentiment", "review_id": "R-9", "user_id": "u", "decision": "allow"}


async def decide(session: ClientSession, page: Page, wish: object, **more: Any) -> int:
    async with session.post(page.address + DECIDE, json=wish, **more) as answer:
        return answer.status


async def test_a_held_review_is_decided_with_the_token(session: ClientSession, page: Page) -> None:
    page.hold(9, "you pig", (0, 7))
    assert await decide(session, page, WISH) == 401
    assert await decide(session, page, WISH, headers=BEARER | {"Origin": "http://evil.x"}) == 403
    assert page.records.decided == []
    status, found = await ask(session, page, "/api/held")
    assert (status, [one["review_id"] for one in found]) == (200, ["R-9"])
    assert await decide(session, page, WISH, headers=BEARER) == 200
    (decision,) = page.records.decided
    assert (decision.review_id, decision.user_id, decision.decision) == ("R-9", "u", "allow")
    assert (decision.held_id, decision.decided_by) == ("reviews-0-9-sentiment", "dashboard")


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "perhaps"},
        {"held_id": ""},
        {"held_id": "no-result-id-"},
        {"held_id": "reviews-99999999999-0-sentiment"},
        {"review_id": "\n"},
        {"more": 1},
        {"user_id": None},
    ],
)
async def test_a_malformed_decision_is_refused(
    session: ClientSession, page: Page, change: dict[str, Any]
) -> None:
    assert await decide(session, page, WISH | change, headers=BEARER) == 400
    assert page.records.decided == []


# -- what is malformed


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"ids": []}', 400),
        (b'{"ids": [5]}', 400),
        (b'{"ids": ["a"], "again": true}', 400),
        (json.dumps({"ids": ["a"] * 101}).encode(), 400),
        (b'{"ids": ["' + b"a" * MAX_BODY_BYTES + b'"]}', 413),
    ],
)
async def test_a_malformed_wish_is_refused(
    session: ClientSession, page: Page, body: bytes, status: int
) -> None:
    assert await resend(session, page, json=None, data=body) == status
    assert page.records.resent == []


@pytest.mark.parametrize(
    "query", ["", "?topic=reviews", "?topic=reviews&partition=-1&offset=0", "?topic=x&offset=y"]
)
async def test_a_malformed_place_is_refused(session: ClientSession, page: Page, query: str) -> None:
    status, body = await ask(session, page, "/api/source" + query)
    assert (status, bool(body["error"])) == (400, True)


async def test_a_body_that_does_not_come_is_not_waited_for(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.web.dashboard.BODY_LIMIT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    writer.write(
        f"POST {RESEND} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Length: 100\r\n\r\n{".encode()
    )
    async with asyncio.timeout(10):
        assert b" 408 " in await reader.readline()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


# -- what is told


async def test_outcomes_are_found_by_topic_and_text(session: ClientSession, page: Page) -> None:
    page.publish("replies", 1, text="It is on its way", intent="where")
    page.publish("review-labels", 2, sentiment="positive", review_id="R-77")
    page.publish("replies", 3, text="很快就到", intent="where")

    async def found(query: str) -> list[int]:
        _, rows = await ask(session, page, "/api/outcomes" + query)
        return [row["source"]["offset"] for row in rows]

    assert await found("") == [3, 2, 1]
    assert await found("?topic=replies") == [3, 1]
    assert await found("?q=r-77") == [2]
    assert await found("?topic=replies&q=很快") == [3]
    assert await found("?q=nowhere") == []


async def test_the_record_behind_an_outcome_is_shown(session: ClientSession, page: Page) -> None:
    page.records.events["reviews", 0, 5] = SCRIPT.encode()
    known = await ask(session, page, "/api/source?topic=reviews&partition=0&offset=5")
    assert known == (200, {"value": SCRIPT})
    gone = await ask(session, page, "/api/source?topic=reviews&partition=0&offset=6")
    assert gone == (200, {"value": None})


async def test_so_many_wait_for_the_broker_and_no_more(
    session: ClientSession, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.web.dashboard.WAITING", 1)
    may_read, is_reading = threading.Event(), threading.Event()

    def read(limit: int) -> list[dict[str, Any]]:
        is_reading.set()
        may_read.wait(10)
        return []

    monkeypatch.setattr(page.records, "letters", read)
    first = asyncio.create_task(ask(session, page, "/api/dead-letters"))
    await until(is_reading.is_set)
    status, body = await ask(session, page, "/api/dead-letters")
    assert (status, "try again" in body["error"]) == (502, True)
    may_read.set()
    assert await first == (200, [])


async def test_viewers_get_the_history_and_every_new_point(
    session: ClientSession, page: Page
) -> None:
    async with session.get(page.address + "/api/live") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert await answer.content.readline() == b"event: history\n"
        first = json.loads((await answer.content.readline()).removeprefix(b"data: "))
        assert first["models"][0]["slot"] == "sentiment"
        page.figures["sentiment"].events += 10
        page.figures["sentiment"].steps[Step.TOTAL].add(np.full(10, 70.0))
        rates: list[float | None] = []
        async with asyncio.timeout(10):
            while not any(rates):
                line = await answer.content.readline()
                if line.startswith(b"data: "):
                    point = json.loads(line.removeprefix(b"data: "))["point"]
                    rates.append(point["events"].get("sentiment"))
        assert 0.05 < point["latency"]["reviews"][0] <= 0.1
        assert (point["lag"], point["in_flight"]) == (40, 12)
    await until(lambda: page.dashboard.live.viewers == 0)


async def test_there_are_so_many_viewers_and_no_more(
    session: ClientSession, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MAX_VIEWERS", 1)
    async with session.get(page.address + "/api/live") as first:
        assert first.status == 200
        assert (await ask(session, page, "/api/live"))[0] == 503


async def test_a_slow_viewer_is_let_go(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SLOW_S", 0.1)
    for number in range(40):
        page.publish("replies", number, text="long " * 1200)
    _, writer = await asyncio.open_connection("127.0.0.1", page.port)
    writer.write(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")  # and reads nothing
    await until(lambda: page.dashboard.live.viewers == 1)
    await until(lambda: page.dashboard.live.viewers == 0)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_stop_does_not_wait_for_viewers() -> None:
    async with ClientSession() as session:
        async with served() as page:
            answer = await session.get(page.address + "/api/live")
            await until(lambda: page.dashboard.live.viewers == 1)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 5
        with contextlib.suppress(aiohttp.ClientError):
            await answer.read()
        answer.close()


# -- bounds


def test_the_newest_outcomes_are_kept_and_no_large_ones() -> None:
    recent = Recent(kept=3)
    for number in range(10):
        value = json.dumps({"n": number, "produced_at": f"{number}"}).encode()
        recent.add([Publication(topic="t", key=None, value=value)])
    recent.add([Publication(topic="t", key=None, value=b"x" * (MAX_BYTES + 1))])
    assert [row["n"] for row in recent.newest(["t", "other"], 10)] == [9, 8, 7]
    assert [row["n"] for row in recent.newest(["t"], 1)] == [9]


@pytest.mark.parametrize(
    ("values", "share", "low", "high"),
    [
        ([0.07] * 100, 0.5, 0.05, 0.1),
        ([0.002] * 99 + [20.0], 0.99, 0.001, 0.0026),
        ([0.002] * 90 + [20.0] * 10, 0.99, 10.0, 30.0),
        ([9999.0], 0.5, 300.0, 300.0),
    ],
)
def test_quantiles_lie_where_the_values_do(
    values: list[float], share: float, low: float, high: float
) -> None:
    buckets = Buckets()
    buckets.add(np.array(values) * 1000)
    assert low <= quantile(buckets.counts(), share) <= high
