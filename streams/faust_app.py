"""The Faust application: group, agents, tables, web; its per-event path replaced by chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import faust
from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT
from faust.windows import HoppingWindow

from streams.chunks import CHUNK_CODEC, register_codec
from streams.config import Settings
from streams.config_sections import StoreKind
from streams.engine import Engine
from streams.restore import ChunkTableManager, NewConsumer
from streams.tables import ChunkTable
from streams.transport import ChunkConsumer, ChunkTransport
from streams.web.server import WorkerWeb
from streams.windows import WindowedTable

REJOIN_TIME_S = 10.0
"""For coming back to the group once a rebalance began and what was in flight has been let go; the
group waits no longer for one that does not."""
ANSWER_TIME_S = 10.0
"""For the broker's answer, on top of what it may wait for itself before it gives one."""
HEARTBEATS_A_SESSION = 4
"""A member is given up after so many heartbeats that did not come."""
_STORES = {StoreKind.MEMORY: "memory://", StoreKind.ROCKSDB: "rocksdb://?driver=rocksdict"}


class ShopApp(faust.App):
    """Faust's application with an ordered end: drain and commit before partitions go."""

    leaves_group = False
    """Whether a static member gives up its seat when it stops."""

    @property
    def worker_web(self) -> WorkerWeb:
        """The web server."""
        return cast(WorkerWeb, self.web)

    @property
    def chunk_consumer(self) -> ChunkConsumer:
        """The consumer."""
        return cast(ChunkConsumer, self.consumer)

    async def _stop_consumer(self) -> None:
        # Faust's own order never tells that partitions go and cancels agents in mid-chunk.
        consumer = self._consumer
        if isinstance(consumer, ChunkConsumer) and consumer.started:
            await consumer.drain()
            if self.leaves_group and self.conf.consumer_group_instance_id:
                await consumer.group.leave_group()
        await super()._stop_consumer()


def create_app(
    settings: Settings,
    partitions: int,
    new_consumer: NewConsumer,
    access: Mapping[str, Any] | None = None,
) -> ShopApp:
    """Return the application; `partitions` is what each source has.

    `new_consumer` makes the consumers that read changelogs. `access` is how to get at the broker,
    as aiokafka is told; nothing is needed if it is left out.
    """
    register_codec()
    kafka, web, engine = settings.kafka, settings.web, settings.engine
    rebalance_timeout_s = engine.revoke_timeout_s + REJOIN_TIME_S
    app = ShopApp(
        kafka.group,
        broker=[f"kafka://{server}" for server in kafka.bootstrap_servers.split(",")],
        broker_credentials=_credentials(access or {}),
        # Models live in another process: nothing here keeps the heartbeat waiting for long.
        broker_session_timeout=kafka.session_timeout_s,
        broker_rebalance_timeout=rebalance_timeout_s,
        broker_request_timeout=max(rebalance_timeout_s, kafka.session_timeout_s) + ANSWER_TIME_S,
        broker_heartbeat_interval=kafka.session_timeout_s / HEARTBEATS_A_SESSION,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=kafka.instance_id,
        store=_STORES[engine.store],
        datadir=str(engine.state_dir.absolute()),
        table_standby_replicas=engine.standby_replicas,
        TableManager=ChunkTableManager,
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
    app.web = WorkerWeb(app)
    cast(ChunkTableManager, app.tables).new_consumer = new_consumer
    return app


def _credentials(access: Mapping[str, Any]) -> CredentialsT | None:
    """Return as Faust's what it turns into aiokafka's again."""
    context = access.get("ssl_context")
    if provider := access.get("sasl_oauth_token_provider"):
        return OAuthCredentials(oauth_cb=provider, ssl_context=context)
    if mechanism := access.get("sasl_mechanism"):
        return SASLCredentials(
            username=access["sasl_plain_username"],
            password=access["sasl_plain_password"],
            ssl_context=context,
            mechanism=mechanism,
        )
    return None if context is None else SSLCredentials(context)


def create_table(app: ShopApp, name: str, partitions: int) -> ChunkTable:
    """Return a table whose writes leave with their chunk."""
    table = ChunkTable(app, name=name, partitions=partitions, help="written by chunks")
    app.tables.add(table)
    return table


def create_windowed_table(
    app: ShopApp, name: str, partitions: int, window: HoppingWindow
) -> WindowedTable:
    """Return a table by key and window, `TumblingWindow` or `HoppingWindow`, with an expiry."""
    table = WindowedTable(
        app, name=name, partitions=partitions, window=window, help="written by chunks"
    )
    app.tables.add(table)
    return table


def add_agent(app: ShopApp, name: str, topic: str, engine: Engine) -> None:
    """Let an agent take the topic's chunks to the engine."""
    channel = app.topic(topic, key_serializer="raw", value_serializer=CHUNK_CODEC, acks=False)

    async def take(stream: Any) -> None:
        async for chunk in stream:
            engine.accept(chunk)

    app.agent(channel, name=name)(take)
