"""Ready or not, and why; alive or not; and a page that cannot be served says so in one line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka.errors import KafkaConnectionError
from faust.types import TP

from inference.messages import ModelInfo, Statistics
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.config import Settings, load_settings
from streams.errors import StartupError
from streams.frontier import Frontier
from streams.position import Position
from streams.telemetry.observer import Observer, Watched
from streams.telemetry.standing import PartitionStanding, Standing
from streams.web.health import health_routes
from streams.web.server import WorkerWeb
from streams.web.start import listen
from tests.waiting import until

PLACE = TP("reviews", 0)


def partition(*, is_open: bool = True, lag: int | None = 0) -> PartitionStanding:
    return PartitionStanding(tp=PLACE, is_open=is_open, in_flight=0, oldest_s=0.0, lag=lag)


WELL = Standing(
    is_taking_events=True,
    is_rebalancing=False,
    partitions=(partition(),),
    is_up=True,
    small_lag=100,
)


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (WELL, None),
        (replace(WELL, partitions=()), None),  # more workers than partitions: it stands by
        (Standing(), "starting"),
        (replace(WELL, is_up=False), "inference worker is starting again"),
        (replace(WELL, is_rebalancing=True), "sharing out"),
        (replace(WELL, is_stopping=True, is_up=False), "stopping"),
        (replace(WELL, partitions=(partition(is_open=False),)), "not restored"),
        (replace(WELL, partitions=(partition(lag=100),)), None),
        (replace(WELL, partitions=(partition(lag=None),)), None),
        (replace(WELL, partitions=(partition(lag=101),)), "101 records wait"),
        (replace(WELL, partitions=(partition(lag=101),), lags=(101, 90)), "101 records wait"),
        (replace(WELL, partitions=(partition(lag=101),), lags=(900, 120)), None),
    ],
)
def test_what_keeps_a_worker_from_being_ready(standing: Standing, reason: str | None) -> None:
    problems = standing.problems()
    assert len(problems) == (reason is not None)
    assert all((reason or "") in problem for problem in problems)


class Page:
    """The health page of a worker that stands as it is told."""

    def __init__(self) -> None:
        self.standing = WELL
        app = web.Application()
        app.add_routes(health_routes(lambda: self.standing, lambda: b"figures 1\n"))
        self.client = TestClient(TestServer(app))

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(path) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    one = Page()
    async with one.client:
        yield one


async def test_the_page_says_how_the_worker_stands(page: Page) -> None:
    assert await page.get("/readyz") == (200, '{"ready": true, "problems": []}')
    assert await page.get("/metrics") == (200, "figures 1\n")
    page.standing = replace(WELL, is_up=False)
    assert await page.get("/healthz") == (200, '{"alive": true, "inference_worker": "restarting"}')
    status, body = await page.get("/readyz")
    assert (status, "starting again" in body) == (503, True)
    page.standing = replace(page.standing, is_dead=True)
    assert (await page.get("/healthz"))[0] == 503
    page.standing = Standing()
    assert await page.get("/healthz") == (200, '{"alive": true, "inference_worker": "starting"}')


# -- the command


async def ask(monkeypatch: pytest.MonkeyPatch, host: str, port: int | None) -> int:
    monkeypatch.setenv("SHOPSTREAMS_WEB__HOST", host)
    monkeypatch.setenv("SHOPSTREAMS_WEB__PORT", str(port))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # which leads nowhere
    return await asyncio.to_thread(run_command, app, ["health"])


@pytest.mark.parametrize("host", ["127.0.0.1", str(IPv4Address(0)), "localhost"])
async def test_the_command_asks_the_page_where_it_is_configured(
    page: Page, host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await ask(monkeypatch, host, page.client.port) == 0
    page.standing = replace(WELL, is_up=False)
    assert await ask(monkeypatch, host, page.client.port) == 1
    assert "inference worker is starting again" in capsys.readouterr().err


async def test_the_command_says_that_nobody_or_somebody_else_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with TestServer(web.Application()) as other:
        port = other.port
        assert await ask(monkeypatch, "127.0.0.1", port) == 1
        assert "is no worker: 404" in capsys.readouterr().err
    assert await ask(monkeypatch, "127.0.0.1", port) == 1
    assert "no worker answers at 127.0.0.1" in capsys.readouterr().err


async def test_without_a_page_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPSTREAMS_WEB__ENABLED", "false")
    assert await ask(monkeypatch, "127.0.0.1", 1) == 0


# -- the observer


class Models:
    """Inference that stands as it is told."""

    def __init__(self) -> None:
        self.models: Mapping[str, ModelInfo] = {}
        self.statistics = Statistics()
        self.deaths = 2
        self.is_up = True
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Broker:
    """Says where the partition ends, if it answers."""

    def __init__(self) -> None:
        self.end: int | None = None
        self.asked = 0

    async def ends(self, tps: Collection[TP]) -> Mapping[TP, int]:
        self.asked += 1
        if self.end is None:
            raise KafkaConnectionError()
        return dict.fromkeys(tps, self.end)


async def test_the_lag_is_what_the_broker_has_beyond_the_frontier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.telemetry.observer.LOOK_S", 0.002)
    monkeypatch.setattr("streams.telemetry.observer._STEP_S", 0.001)
    observer, broker, frontier, models = Observer(5), Broker(), Frontier(), Models()
    assert observer.standing().problems() == Standing().problems()
    frontier.open(Position(40))
    observer.watch(
        Watched(
            inference=models,
            owned=lambda: {PLACE: frontier},
            oldest_s=lambda _: 1.5,
            is_rebalancing=lambda: False,
            is_stopping=lambda: False,
            ends=broker.ends,
        )
    )
    looking = asyncio.create_task(observer.run())
    await until(lambda: broker.asked >= 2)
    (one,) = observer.standing().partitions
    assert (one.lag, one.oldest_s, one.is_open) == (None, 1.5, True)
    broker.end = 49
    await until(lambda: observer.standing().lag == 9)
    assert "9 records wait" in observer.standing().problems()[0]
    frontier.open(Position(45))
    assert observer.standing().problems() == []
    assert observer.standing().deaths == 2
    models.died.set_result(None)
    assert observer.standing().is_dead
    looking.cancel()


# -- where the page is served


def settings(port: int, host: str = "127.0.0.1") -> Settings:
    return load_settings(environ={}, flags={"web.port": port, "web.host": host}).settings


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("127.0.0.1", r"port \d+ is taken: set web.port to a free one, or web.enabled = false"),
        ("192.0.2.1", "192.0.2.1 is no address of this machine: set web.host"),
        ("no-such-host.invalid", "there is no host no-such-host.invalid: set web.host"),
    ],
)
async def test_a_page_that_cannot_be_served_is_one_clear_line(host: str, sentence: str) -> None:
    import faust

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = settings(int(taken.getsockname()[1]), host)
        app = faust.App("page", web_host=host, web_bind=host, web_port=given.web.port)
        async with AsyncExitStack() as stack:
            with pytest.raises(StartupError, match=sentence):
                await listen(WorkerWeb(app), given.web, stack)
