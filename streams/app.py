"""The worker: everything built, wired, started in order and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import cast

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from faust.types import TP
from inference.client import InferenceClient, InferenceSettings
from inference.errors import InferenceError

from schemas.base import Message
from schemas.codec import Decoder
from schemas.mapping import FieldMap
from schemas.topics import Role, Topics, TopicSpec
from streams.admin import require_topics
from streams.agents import build_handlers
from streams.config import Settings
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
    try:
        asyncio.run(_serve(settings))
    except (StartupError, InferenceError) as error:
        log.error(str(error), action="start_failed")
        return EXIT_FAILED
    except StreamsError as error:
        log.error(str(error), action="worker_failed", cause=repr(error.__cause__))
        return EXIT_FAILED
    return EXIT_DONE


async def _serve(settings: Settings) -> None:
    stop = stop_event()
    async with AsyncExitStack() as stack:
        partitions = await asyncio.to_thread(_source_partitions, settings)
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
        await app.start()
        log.info("taking events", action="worker_ready", partitions=partitions)
        supervisor.add(STOP_SIGNAL, stop.wait())
        supervisor.add("committing", engine.run_commits())
        supervisor.add("the inference worker", inference.died)
        supervisor.add("the Faust application", app.wait_until_stopped())
        await supervisor.first_end()
        log.info("draining", action="worker_stopping")
    log.info("stopped", action="worker_stopped")


def _source_partitions(settings: Settings) -> int:
    """Return how many partitions each source has; raises `StartupError` if they differ."""
    topics = settings.named_topics()
    counts = require_topics(settings, [spec.name for spec in topics.specs])
    sources = {spec.name: counts[spec.name] for spec in topics.of(Role.SOURCE)}
    if len(set(sources.values())) > 1:
        shown = ", ".join(f"{name} has {count}" for name, count in sources.items())
        raise StartupError(
            f"the sources must have equal numbers of partitions, so that a customer's events meet "
            f"in one worker: {shown}; `shopstreams topics check` tells more"
        )
    return next(iter(sources.values()))


def inference_settings(settings: Settings) -> InferenceSettings:
    """Return what the inference worker needs to know."""
    section = settings.inference
    return InferenceSettings(
        models=settings.models.model_dump(),
        device=section.device.value,
        threads=section.threads,
        batch_tokens=section.batch_tokens,
        queue_items=section.queue_items,
    )


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
    readers = []
    for spec, apply in (
        (topics["catalogue"], state.apply_catalogue),
        (topics["knowledge"], state.apply_knowledge),
    ):
        reader = _reader(settings, topics, spec, apply)
        stack.push_async_callback(reader.stop)
        await reader.start()
        readers.append(reader)
    return readers


def _reader(settings: Settings, topics: Topics, spec: TopicSpec, apply: Apply) -> ReferenceReader:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        client_id=f"{settings.kafka.group}-{spec.id}",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    return ReferenceReader(consumer, topics[spec.id].name, _decoder(settings, spec), apply)
