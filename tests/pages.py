"""The worker's page, served for tests, with whatever it is to show."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import faust
import orjson
from faust.types import TP

from inference.messages import ModelInfo, Statistics
from schemas.events import ModerationDecision
from schemas.topics import Topics
from streams.config_sections import WebSettings
from streams.publisher import Publication
from streams.telemetry.figures import Figures, new_figures
from streams.telemetry.history import History
from streams.telemetry.recent import Recent
from streams.telemetry.standing import PartitionStanding, Standing
from streams.web.access import Access
from streams.web.dashboard import Dashboard
from streams.web.health import health_routes
from streams.web.records import Resent
from streams.web.server import WorkerWeb

SCRIPT = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
MODEL = ModelInfo(
    slot="sentiment",
    name="bundled",
    hash="0123456789abcdef",
    labels=("negative", "positive"),
    width=2,
    device="cpu",
    dtype="float32",
)
READY = Standing(
    is_taking_events=True,
    is_rebalancing=False,
    is_up=True,
    models={"sentiment": MODEL},
    partitions=(
        PartitionStanding(tp=TP("reviews", 0), is_open=True, in_flight=12, oldest_s=0.25, lag=40),
    ),
    statistics=Statistics(waiting={"chat": 2, "reviews": 30}, device_bytes={"cpu": 300_000_000}),
    small_lag=100,
)


@dataclass
class FakeRecords:
    """Implements `Records` in memory."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    events: dict[tuple[str, int, int], bytes] = field(default_factory=dict)
    resent: list[str] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    decided: list[ModerationDecision] = field(default_factory=list)

    def letters(self, limit: int) -> list[dict[str, Any]]:
        return [one | {"resent": one["result_id"] in self.resent} for one in self.rows][:limit]

    def resend(self, ids: frozenset[str]) -> Resent:
        known = {one["result_id"] for one in self.rows}
        sent = sorted(ids & known - set(self.resent))
        self.resent += sent
        before = len(ids & known) - len(sent)
        return Resent(sent=len(sent), before=before, refused=[], unknown=sorted(ids - known))

    def source(self, topic: str, partition: int, offset: int) -> bytes | None:
        return self.events.get((topic, partition, offset))

    def held(self, limit: int) -> list[dict[str, Any]]:
        done = {one.held_id for one in self.decided}
        return [one for one in self.waiting if one["result_id"] not in done][:limit]

    def decide(self, decision: ModerationDecision) -> None:
        self.decided.append(decision)


@dataclass
class Page:
    """A page that is served, and what it shows."""

    port: int
    figures: Figures
    recent: Recent
    records: FakeRecords
    dashboard: Dashboard
    standing: Standing = READY

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, topic: str, number: int, **fields: Any) -> None:
        """Let an outcome be the newest."""
        self.recent.add(
            [Publication(topic=topic, key=None, value=orjson.dumps(outcome(number, fields)))]
        )

    def bury(self, number: int, **fields: Any) -> None:
        """Let there be a dead letter."""
        self.records.rows.insert(0, outcome(number, fields))

    def hold(self, number: int, text: str, *spans: tuple[int, int]) -> None:
        """Let a review wait for a person, insults where the spans are."""
        reasons = [
            {"attribute": "insult", "score": 0.93, "threshold": 0.8}
            | {"text": text[start:end], "start": start, "end": end}
            for start, end in spans
        ]
        fields = {"review_id": f"R-{number}", "user_id": "u", "product_id": "P-1", "text": text}
        self.records.waiting.insert(0, outcome(number, {**fields, "reasons": reasons}))


def outcome(number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what outcomes share, and `fields`."""
    return {
        "result_id": f"reviews-0-{number}-sentiment",
        "outcome": "result",
        "source": {"topic": "reviews", "partition": 0, "offset": number, "timestamp_ms": 0},
        "timings": {"total_ms": 12.5 + number},
        "produced_at": f"2026-11-28T10:{number // 60 % 60:02}:{number % 60:02}Z",
        **fields,
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(settings: WebSettings | None = None, tick_s: float = 0.02) -> AsyncIterator[Page]:
    """Serve a page; `settings` say who may do what."""
    settings, port = settings or WebSettings(), free_port()
    figures, recent, records = new_figures(), Recent(), FakeRecords()
    topics = Topics()
    ids = {spec.name: spec.id for spec in topics.specs}

    def standing() -> Standing:
        return page.standing

    history = History(figures, standing, {"sentiment": "reviews", "reply": "chat"}, ids)
    dashboard = Dashboard(
        history=history,
        standing=standing,
        recent=recent,
        records=records,
        topics=topics,
        tick_s=tick_s,
    )
    page = Page(port, figures, recent, records, dashboard)
    app = faust.App("page", web_host="127.0.0.1", web_bind="127.0.0.1", web_port=port)
    server = WorkerWeb(app)
    server.add_routes(health_routes(standing, lambda: b"figures 1\n"))
    server.guard(Access(settings))
    server.show(dashboard)
    await server.start()
    try:
        yield page
    finally:
        await server.stop()
