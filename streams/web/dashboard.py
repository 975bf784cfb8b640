"""The dashboard: its pages, what they ask for, and what they may change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.base import Id
from schemas.events import ModerationDecision, Verdict
from schemas.topics import Role, Topics
from streams.errors import StreamsError
from streams.telemetry.history import TICK_S, History
from streams.telemetry.recent import Recent
from streams.telemetry.standing import Standing
from streams.web.live import Live
from streams.web.records import Records

log = structlog.get_logger(__name__)

STATIC: Final = Path(__file__).parent / "static"
LATEST: Final = 40
"""Outcomes in every message to viewers."""
FOUND: Final = 200
LETTERS: Final = 200
HELD_TOPIC: Final = "held-reviews"
HELD: Final = 100
BY_DASHBOARD: Final = "dashboard"
RESENT_AT_ONCE: Final = 100
MAX_SEARCH: Final = 200
BODY_LIMIT_S: Final = 5.0
WAITING: Final = 8
"""Requests that may wait for the broker's records; each takes some seconds."""
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class ResendWish(BaseModel):
    """Which letters are to be sent back."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field(min_length=1, max_length=RESENT_AT_ONCE)


class DecisionWish(BaseModel):
    """What a person decides on which held review."""

    model_config = ConfigDict(extra="forbid")

    held_id: str = Field(max_length=1_000, pattern="^.+-[0-9]{1,9}-[0-9]{1,18}-[a-z]+$")
    review_id: Id
    user_id: Id
    decision: Verdict


class SourcePlace(BaseModel):
    """Where a record lies."""

    topic: str = Field(max_length=249)
    partition: int = Field(ge=0, lt=2**31)
    offset: int = Field(ge=0, lt=2**63)


class Dashboard:
    """Serves viewers; one at a time has the broker read for it."""

    def __init__(
        self,
        *,
        history: History,
        standing: Callable[[], Standing],
        recent: Recent,
        records: Records,
        topics: Topics,
        tick_s: float = TICK_S,
    ) -> None:
        self._standing = standing
        self._recent = recent
        self._records = records
        self._results = {spec.id: spec.name for spec in topics.of(Role.RESULT)}
        self._ids = {name: topic_id for topic_id, name in self._results.items()}
        self._is_moderated = HELD_TOPIC in {spec.id for spec in topics.specs}
        self._reading = asyncio.Lock()
        self._waiting = 0
        self.live = Live(history, self.now, tick_s)

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        pages = [("/", "index.html"), *((f"/static/{one.name}", one.name) for one in _files())]
        return [
            *(web.get(path, _page(name)) for path, name in pages),
            web.get("/api/live", self.live.serve),
            web.get("/api/outcomes", _answering(self._outcomes)),
            web.get("/api/source", _answering(self._source)),
            web.get("/api/dead-letters", _answering(self._letters)),
            web.post("/api/dead-letters/resend", _answering(self._resend)),
            web.get("/api/held", _answering(self._held)),
            web.post("/api/held/decide", _answering(self._decide)),
        ]

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Keep the history while the server runs; a context of the application."""
        ticking = asyncio.create_task(self.live.run())
        ticking.add_done_callback(_tell)
        yield
        ticking.cancel()

    async def on_shutdown(self, _: web.Application) -> None:
        """Let viewers go, so that a stop does not wait for them; a signal of the application."""
        self.live.close()

    def now(self) -> dict[str, Any]:
        """Return what a viewer is told beside the history."""
        standing = self._standing()
        return {
            "problems": standing.problems(),
            "partitions": len(standing.partitions),
            "restarts": standing.deaths,
            "models": [
                {"slot": one.slot, "name": one.name, "hash": one.hash, "device": one.device}
                | {"dtype": one.dtype}
                for one in standing.models.values()
            ],
            "memory": dict(standing.statistics.device_bytes),
            "topics": list(self._results),
            "is_moderated": self._is_moderated,
            "latest": self._found("", "", LATEST),
            "handoffs": self._found("handoffs", "", LATEST),
        }

    def _found(self, topic_id: str, text: str, limit: int) -> list[dict[str, Any]]:
        names = [self._results[topic_id]] if topic_id in self._results else list(self._ids)
        rows = self._recent.newest(names, limit, text)
        return [{**row, "topic": self._ids[row["topic"]]} for row in rows]

    async def _outcomes(self, request: web.Request) -> Any:
        text = request.query.get("q", "")[:MAX_SEARCH]
        return self._found(request.query.get("topic", ""), text, FOUND)

    async def _source(self, request: web.Request) -> Any:
        place = SourcePlace.model_validate(dict(request.query))
        value = await self._read(
            lambda: self._records.source(place.topic, place.partition, place.offset)
        )
        return {"value": None if value is None else value.decode("utf-8", "replace")}

    async def _letters(self, _: web.Request) -> Any:
        return await self._read(lambda: self._records.letters(LETTERS))

    async def _resend(self, request: web.Request) -> Any:
        wish = ResendWish.model_validate_json(await _body(request))
        resent = await self._read(lambda: self._records.resend(frozenset(wish.ids)))
        log.info("dead letters sent back", action="letters_resent", count=resent.sent)
        return asdict(resent)

    async def _held(self, _: web.Request) -> Any:
        return await self._read(lambda: self._records.held(HELD))

    async def _decide(self, request: web.Request) -> Any:
        wish = DecisionWish.model_validate_json(await _body(request))
        decision = ModerationDecision(
            **wish.model_dump(), decided_by=BY_DASHBOARD, created_at=datetime.now(UTC)
        )
        await self._read(lambda: self._records.decide(decision))
        log.info("a held review was decided on", action="review_decided", by=BY_DASHBOARD)
        return {"decided": wish.held_id}

    async def _read(self, job: Callable[[], Any]) -> Any:
        if self._waiting >= WAITING:
            raise StreamsError("others are being served: try again in a moment")
        self._waiting += 1
        try:
            async with self._reading:
                return await asyncio.to_thread(job)
        finally:
            self._waiting -= 1


async def _body(request: web.Request) -> bytes:
    async with asyncio.timeout(BODY_LIMIT_S):
        return await request.read()


def _tell(ticking: asyncio.Task[None]) -> None:
    if not ticking.cancelled() and (error := ticking.exception()) is not None:
        log.error("the dashboard stands still", action="dashboard_failed", error=repr(error))


def _answering(job: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    """Return a handler that answers as JSON, and says in one sentence what was wrong."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return _json(await job(request), 200)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"])) or "the body"
            return _json({"error": f"{where}: {problem['msg']}"}, 400)
        except TimeoutError:
            return _json({"error": "the request took too long to come"}, 408)
        except StreamsError as error:
            return _json({"error": str(error)}, 502)

    return handle


def _json(found: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(found), status=status, content_type="application/json")


def _files() -> list[Path]:
    return sorted(path for path in STATIC.iterdir() if path.suffix in _TYPES)


def _page(name: str) -> Handler:
    body, kind = (STATIC / name).read_bytes(), _TYPES[Path(name).suffix]

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": "no-cache"})

    return serve
