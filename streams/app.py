"""The worker: everything built, wired, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import structlog
import uvloop
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition
from faust.types import TP

from inference.client import Inference
from inference.errors import InferenceError
from inference.fleet import connect
from schemas.base import Message
from schemas.codec import Decoder
from schemas.mapping import FieldMap
from schemas.topics import TopicSpec
from streams.admin import AdminError, require_topics
from streams.agents import create_tasks
from streams.arrival import reach_broker
from streams.clients import Clients
from streams.config import Settings, inference_settings
from streams.config_sections import DeliveryGuarantee
from streams.delivery import AtLeastOnce, Delivery
from streams.engine import Engine, Limits, NewDelivery, Ports
from streams.errors import StartupError, StreamsError
from streams.faust_app import ShopApp, add_agent, create_app
from streams.handler import Handler
from streams.local import require_local
from streams.logs import configure_logging
from streams.making import Stage
from streams.models.control import Changed
from streams.models.service import start_models
from streams.models.slots import Changeable
from streams.publisher import Publisher
from streams.reference import Apply, ReferenceReader
from streams.security.errors import AccessError
from streams.security.forbidden import forbidden
from streams.telemetry.build import Telemetry
from streams.telemetry.hooks import Signals
from streams.telemetry.observer import ServedModels
from streams.transactions import PartitionTransactions
from streams.transport import ChunkTransport
from streams.web.start import start_web
from streams.worker import STOP_SIGNAL, StopSignal, Supervisor

log = structlog.get_logger(__name__)

EXIT_DONE = 0
EXIT_FAILED = 1
MILLISECONDS = 1000.0
COLLECTOR_THRESHOLDS = (200_000, 20, 50)
"""New objects before the youngest are looked at, and rounds of that before the older ones are.

A full window holds some 20 objects a record: with 20,000 here the collector walked through what
was in flight again and again, an eighth of a busy worker's time."""


class Served(Changeable, ServedModels, Protocol):
    """Inference whose models can be changed, and that may end for good."""


class Tasks(Protocol):
    """What a worker does with events."""

    @property
    def handlers(self) -> Sequence[Handler]:
        """One a source."""
        ...

    @property
    def references(self) -> Mapping[str, Apply]:
        """What takes the changes of a compacted topic that every worker reads, by topic id."""
        ...

    def restored(self) -> Awaitable[None]:
        """Take notice that the tables hold other partitions than before."""
        ...

    @property
    def model_changed(self) -> Changed:
        """What is to be told of another model that answers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a worker is made of beside its engine."""

    inference: Callable[[Settings], AbstractAsyncContextManager[Served]]
    tasks: Callable[[Settings, ShopApp, Inference, int], Tasks]  # int: partitions of each source


PRODUCT = Parts(
    inference=lambda settings: connect(inference_settings(settings)), tasks=create_tasks
)


def run_worker(settings: Settings, parts: Parts = PRODUCT) -> int:
    """Run until a signal or a failure; return the exit code."""
    configure_logging(settings.logging)
    # Of this thread's loop and the consumer's: sockets and wake-ups take a tenth less of the time.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # No `asyncio.run`: after a crash Faust's supervisors start again what it cancels, for ever.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_serve(settings, parts))
    except (StartupError, AdminError, AccessError, InferenceError) as error:
        log.error(str(error), action="start_failed")
        return EXIT_FAILED
    except StreamsError as error:
        log.error(str(error), action="worker_failed", cause=repr(error.__cause__))
        return EXIT_FAILED
    loop.close()
    return EXIT_DONE


async def _serve(settings: Settings, parts: Parts) -> None:
    stop = StopSignal()
    async with AsyncExitStack() as stack:
        supervisor = Supervisor()
        starting = asyncio.create_task(_start(settings, parts, stack, supervisor))
        if not await _is_first(starting, stop):
            return
        app = starting.result()
        _relax_collector()
        supervisor.add(STOP_SIGNAL, stop.wait())
        await supervisor.first_end()
        app.leaves_group = stop.is_for_good
        log.info("draining", action="worker_stopping")
    log.info("stopped", action="worker_stopped")


def _relax_collector() -> None:
    """Let the collector of cycles look at what comes and goes, seldom, and at nothing older.

    With its defaults it took half of the time of a busy worker: it walks through all that lives,
    tables and catalogue included, again and again, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def _is_first(starting: asyncio.Task[ShopApp], stop: StopSignal) -> bool:
    """Return whether the start ended before the stop signal, which cancels it."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if starting.done():
        return True
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    return False


async def _start(
    settings: Settings, parts: Parts, stack: AsyncExitStack, supervisor: Supervisor
) -> ShopApp:
    require_local(settings)
    clients = Clients(settings)
    partitions = await reach_broker(settings, clients)
    app = create_app(settings, partitions, partial(clients.reader, "tables"), clients.access)
    telemetry = Telemetry(settings)
    stack.push_async_callback(telemetry.stop)
    perspective = await start_web(settings, app, telemetry, stack)
    models, commands = await start_models(settings, clients, stack)
    log.info("loading models", action="models_loading")
    worker = await stack.enter_async_context(parts.inference(models.wanted()))
    adopted = models.adopt(worker)
    stack.push_async_callback(adopted.stop)
    inference = adopted.inference
    perspective.ask(inference)
    tasks = parts.tasks(settings, app, inference, partitions)
    new_delivery = await _deliveries(settings, app, clients, stack)
    engine = _build_engine(settings, app, tasks, inference, new_delivery, telemetry.signals)
    stack.push_async_callback(supervisor.stop)
    for reader in await _start_readers(settings, clients, tasks.references, stack):
        supervisor.add("reading reference data", reader.run())
    stack.push_async_callback(app.stop)
    await app.start()
    telemetry.watch(worker, app, engine)
    log.info("taking events", action="worker_ready", partitions=partitions)
    supervisor.add("committing", engine.run_commits())
    supervisor.add("watching", telemetry.observer.run())
    supervisor.add("the inference worker", worker.died)
    supervisor.add("reading commands", commands.run())
    for name, work in adopted.work(tasks.model_changed):
        supervisor.add(name, work)
    supervisor.add("the Faust application", _end_of(app))
    return app


async def _end_of(app: ShopApp) -> None:
    await app.wait_until_stopped()
    if app.crash_reason is not None:
        refused = forbidden(app.crash_reason)
        what = str(refused) if refused else "the Faust application crashed"
        raise StreamsError(what) from app.crash_reason


async def _deliveries(
    settings: Settings, app: ShopApp, clients: Clients, stack: AsyncExitStack
) -> NewDelivery:
    if settings.engine.delivery is DeliveryGuarantee.AT_LEAST_ONCE:
        publisher = await _start_publisher(settings, clients, stack)
        return lambda _: AtLeastOnce(publisher)

    def transactions(source: TP) -> Delivery:
        return PartitionTransactions(
            source,
            group_id=settings.kafka.group,
            group=app.chunk_consumer.group,
            new_producer=clients.producer,
            linger_s=settings.engine.commit_interval_ms / MILLISECONDS,
        )

    return transactions


async def _start_publisher(
    settings: Settings, clients: Clients, stack: AsyncExitStack
) -> Publisher:
    publisher = Publisher(clients.producer())
    try:
        await publisher.start()
    except KafkaConnectionError as error:
        await publisher.stop()
        raise StartupError(f"no broker at {settings.kafka.bootstrap_servers}") from error
    stack.push_async_callback(publisher.stop)
    return publisher


def _build_engine(
    settings: Settings,
    app: ShopApp,
    tasks: Tasks,
    inference: Inference,
    new_delivery: NewDelivery,
    signals: Signals,
) -> Engine:
    topics = settings.named_topics()
    stages = {
        topics[handler.spec.source].name: Stage(
            handler=handler,
            decoder=_decoder(settings, topics[handler.spec.source]),
            inference=inference,
            topics=topics,
            masking=settings.masking,
            signals=signals,
        )
        for handler in tasks.handlers
    }

    async def state_ready(_: Iterable[TP]) -> None:
        await tasks.restored()

    ports = Ports(
        commit=lambda positions: app.chunk_consumer.group.commit_positions(positions),
        reopen=lambda tp: app.chunk_consumer.open([tp]),
        state_ready=state_ready,
        new_delivery=new_delivery,
    )
    engine = Engine(stages=stages, limits=_limits(settings), ports=ports)
    cast(ChunkTransport, app.transport).intake = engine
    for topic in stages:
        add_agent(app, topic, topic, engine)
    return engine


def _decoder(settings: Settings, source: TopicSpec) -> Decoder[Message]:
    return Decoder(source.event, FieldMap(source.event, settings.fields.get(source.id, {})))


def _limits(settings: Settings) -> Limits:
    engine = settings.engine
    return Limits(
        window_records=engine.window_records,
        window_bytes=engine.window_bytes,
        commit_interval_s=engine.commit_interval_ms / MILLISECONDS,
        drain_timeout_s=engine.drain_timeout_s,
        revoke_timeout_s=engine.revoke_timeout_s,
    )


async def _start_readers(
    settings: Settings, clients: Clients, references: Mapping[str, Apply], stack: AsyncExitStack
) -> list[ReferenceReader]:
    if not references:
        return []
    topics = settings.named_topics()
    names = [topics[topic_id].name for topic_id in references]
    partitions = await asyncio.to_thread(require_topics, settings, names)
    readers = []
    for topic_id, apply in references.items():
        spec = topics[topic_id]
        tps = [TopicPartition(spec.name, number) for number in range(partitions[spec.name])]
        consumer = clients.reader(spec.id)
        reader = ReferenceReader(consumer, tps, _decoder(settings, spec), apply)
        stack.push_async_callback(reader.stop)
        await reader.start()
        readers.append(reader)
    return readers
