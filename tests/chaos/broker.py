"""The broker of a run: direct for the harness, through a proxy for the workers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tests.chaos.proxy import Proxy
from tests.kafka.server import KafkaServer, free_ports

EXTRA_PROPERTIES = """
listeners=PLAINTEXT://127.0.0.1:{broker},PROXIED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},PROXIED://127.0.0.1:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
log.segment.bytes=8388608
log.flush.interval.ms=5000
log.flush.scheduler.interval.ms=5000
log.flush.offset.checkpoint.interval.ms=5000
"""
"""A second listener that tells its clients the proxy's address: none finds a way around it. And a
broker that was killed may come back after two seconds instead of nine, and reads little of its
data again, however long the run."""

JAVA_VARIABLE = "JDK_JAVA_OPTIONS"
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A broker that is started often: half the time to its first answer, and enough speed for it."""


class ProxiedServer(KafkaServer):
    """A broker with a second address whose connections can be cut and stalled."""

    def __init__(self) -> None:
        super().__init__()
        self._front, self._behind = free_ports(2)
        self.proxy = Proxy(self._front, self._behind)

    @property
    def proxied_servers(self) -> str:
        """Where clients find it through the proxy."""
        return f"127.0.0.1:{self._front}"

    def start(self) -> None:
        """Start; the first time with the second listener added, and the proxy too."""
        properties = self._folder / "server.properties"
        first = not properties.is_file()
        with _quick_java():
            super().start()
        if not first:
            return
        self.stop()
        with properties.open("a") as file:  # what comes later in such a file holds
            file.write(
                EXTRA_PROPERTIES.format(
                    broker=self._broker,
                    behind=self._behind,
                    controller=self._controller,
                    proxy=self._front,
                )
            )
        with _quick_java():
            super().start()
        self.proxy.start()


@contextlib.contextmanager
def _quick_java() -> Iterator[None]:
    before = os.environ.get(JAVA_VARIABLE)
    os.environ[JAVA_VARIABLE] = f"{before or ''} {JAVA_OPTIONS}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[JAVA_VARIABLE]
        else:
            os.environ[JAVA_VARIABLE] = before
