"""The Faust application: group, agents, tables, web; its per-event path replaced by chunks."""

from __future__ import annotations

from typing import Any, ClassVar

import faust
from faust.web.drivers.aiohttp import Web

from streams.chunks import CHUNK_CODEC, register_codec
from streams.config import Settings
from streams.engine import Engine
from streams.tables import ChunkTable
from streams.transport import ChunkConsumer, ChunkTransport

SESSION_TIMEOUT_S = 10.0
"""A killed worker's partitions move after this. The models live in another process, so nothing
here keeps the heartbeat waiting for long."""
REBALANCE_TIMEOUT_S = 60.0
HEARTBEAT_S = 3.0


class ShopApp(faust.App):
    """Faust's application with an ordered end: drain and commit before partitions go."""

    async def _stop_consumer(self) -> None:
        # Faust's own order never tells that partitions go and cancels agents in mid-chunk.
        consumer = self._consumer
        if isinstance(consumer, ChunkConsumer) and consumer.started:
            await consumer.close_sources(consumer.assignment())
        await super()._stop_consumer()


class _ClosedWeb(Web):
    """Faust's web server without the pages that show what tables hold: it is personal."""

    default_blueprints: ClassVar[Any] = []
    production_blueprints: ClassVar[Any] = []
    debug_blueprints: ClassVar[Any] = []
    optional_blueprints: ClassVar[Any] = []


def create_app(settings: Settings, partitions: int) -> ShopApp:
    """Return the application; `partitions` is what each source has."""
    register_codec()
    kafka, web = settings.kafka, settings.web
    app = ShopApp(
        kafka.group,
        broker=[f"kafka://{server}" for server in kafka.bootstrap_servers.split(",")],
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_rebalance_timeout=REBALANCE_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=kafka.instance_id,
        store="memory://",
        datadir=str(settings.engine.state_dir.absolute()),
        topic_allow_declare=kafka.declare_topics,
        topic_disable_leader=True,
        topic_partitions=partitions,
        topic_replication_factor=kafka.replication_factor,
        web_enabled=web.enabled,
        web_bind=web.host,
        web_host=web.host,
        web_port=web.port,
        autodiscover=False,
    )
    app.transport = ChunkTransport(app.conf.broker_consumer, app, loop=app.loop)
    app.web = _ClosedWeb(app)
    return app


def create_table(app: ShopApp, name: str, partitions: int) -> ChunkTable:
    """Return a table whose writes leave with their chunk."""
    table = ChunkTable(app, name=name, partitions=partitions, help="written by chunks")
    app.tables.add(table)
    return table


def add_agent(app: ShopApp, name: str, topic: str, engine: Engine) -> None:
    """Let an agent take the topic's chunks to the engine."""
    channel = app.topic(topic, key_serializer="raw", value_serializer=CHUNK_CODEC, acks=False)

    async def take(stream: Any) -> None:
        async for chunk in stream:
            engine.accept(chunk)

    app.agent(channel, name=name)(take)
