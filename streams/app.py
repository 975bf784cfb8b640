"""The worker: everything built, wired, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import cast

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition
from faust.types import TP

from inference.client import InferenceClient
from inference.errors import InferenceError
from schemas.base import Message
from schemas.codec import Decoder
from schemas.mapping import FieldMap
from schemas.topics import TopicSpec
from streams.admin import AdminError, require_topics, source_partitions
from streams.agents import build_handlers
from streams.config import Settings, inference_settings
from streams.engine import Engine, Limits
from streams.errors import StartupError, StreamsError
from streams.faust_app import ShopApp, add_agent, create_app
from streams.logs import configure_logging
from streams.pipeline import Stage
from streams.publisher import BATCH_BYTES, MAX_REQUEST_BYTES, Publisher
from streams.reference import Apply, ReferenceReader
from streams.state import State, create_state
from streams.transport import ChunkConsumer, ChunkTransport
from streams.worker import STOP_SIGNAL, Supervisor, stop_event

log = structlog.get_logger(__name__)

EXIT_DONE = 0
EXIT_FAILED = 1
MILLISECONDS = 1000.0


def run_worker(settings: Settings) -> int:
    """Run until a signal or a failure; return the exit code."""
    configure_logging(settings.logging)
    # No `asyncio.run`: after a crash Faust's supervisors start again what it cancels, for ever.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_serve(settings))
    except (StartupError, AdminError, InferenceError) as error:
        log.error(str(error), action="start_failed")
        return EXIT_FAILED
    except StreamsError as error:
        log.error(str(error), action="worker_failed", cause=repr(error.__cause__))
        return EXIT_FAILED
    loop.close()
    return EXIT_DONE


async def _serve(settings: Settings) -> None:
    stop = stop_event()
    async with AsyncExitStack() as stack:
        partitions = await source_partitions(settings)
        log.info("loading models", action="models_loading")
        inference = InferenceClient(inference_settings(settings))
        await stack.enter_async_context(inference)
        publisher = await _start_publisher(settings, stack)
        app = create_app(settings, partitions)
        state = create_state(app, inference, partitions)
        engine = _build_engine(settings, app, state, inference, publisher)
        supervisor = Supervisor()
        stack.push_async_callback(supervisor.stop)
        for reader in await _start_readers(settings, state, stack):
            supervisor.add("reading reference data", reader.run())
        stack.push_async_callback(app.stop)
        await _start(app, settings)
        log.info("taking events", action="worker_ready", partitions=partitions)
        supervisor.add(STOP_SIGNAL, stop.wait())
        supervisor.add("committing", engine.run_commits())
        supervisor.add("the inference worker", inference.died)
        supervisor.add("the Faust application", app.wait_until_stopped())
        await supervisor.first_end()
        log.info("draining", action="worker_stopping")
    log.info("stopped", action="worker_stopped")


async def _start(app: ShopApp, settings: Settings) -> None:
    try:
        await app.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise StartupError(
            f"port {settings.web.port} is taken: set web.port to a free one, or web.enabled = false"
        ) from error


async def _start_publisher(settings: Settings, stack: AsyncExitStack) -> Publisher:
    publisher = Publisher(
        AIOKafkaProducer(
            bootstrap_servers=settings.kafka.bootstrap_servers,
            client_id=settings.kafka.group,
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
        )
    )
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
    state: State,
    inference: InferenceClient,
    publisher: Publisher,
) -> Engine:
    topics = settings.named_topics()
    stages = {}
    for handler in build_handlers(settings, state):
        source = topics[handler.spec.source]
        stages[source.name] = Stage(
            handler=handler,
            decoder=_decoder(settings, source),
            inference=inference,
            publisher=publisher,
            topics=topics,
        )

    async def commit(offsets: Mapping[TP, int]) -> None:
        await cast(ChunkConsumer, app.consumer).commit_frontiers(offsets)

    async def state_ready(_: Iterable[TP]) -> None:
        state.restored()

    engine = Engine(stages=stages, limits=_limits(settings), commit=commit, state_ready=state_ready)
    cast(ChunkTransport, app.transport).intake = engine
    for topic in stages:
        add_agent(app, topic, topic, engine)
    return engine


def _decoder(settings: Settings, source: TopicSpec) -> Decoder[Message]:
    return Decoder(source.message, FieldMap(source.message, settings.fields.get(source.id, {})))


def _limits(settings: Settings) -> Limits:
    engine = settings.engine
    return Limits(
        window_records=engine.window_records,
        window_bytes=engine.window_bytes,
        commit_interval_s=engine.commit_interval_ms / MILLISECONDS,
        drain_timeout_s=engine.drain_timeout_s,
    )


async def _start_readers(
    settings: Settings, state: State, stack: AsyncExitStack
) -> list[ReferenceReader]:
    topics = settings.named_topics()
    applied = {"catalogue": state.apply_catalogue, "knowledge": state.apply_knowledge}
    names = [topics[topic_id].name for topic_id in applied]
    partitions = await asyncio.to_thread(require_topics, settings, names)
    readers = []
    for topic_id, apply in applied.items():
        spec = topics[topic_id]
        reader = _reader(settings, spec, partitions[spec.name], apply)
        stack.push_async_callback(reader.stop)
        await reader.start()
        readers.append(reader)
    return readers


def _reader(settings: Settings, spec: TopicSpec, partitions: int, apply: Apply) -> ReferenceReader:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        client_id=f"{settings.kafka.group}-{spec.id}",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    tps = [TopicPartition(spec.name, number) for number in range(partitions)]
    return ReferenceReader(consumer, tps, _decoder(settings, spec), apply)
