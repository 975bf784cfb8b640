"""Apache Kafka in KRaft mode as a child process, on loopback and free ports."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.jars import kafka_jars

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
POLL_S = 0.1
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # opened here: between fork and exec nothing may be loaded
# Below the ports that clients get: one that reconnects must not take a stopped broker's own.
PORTS = range(20_000, 32_000)

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
log.dirs={data}
num.partitions=4
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.backoff.ms=500
"""


class KafkaServer:
    """One broker; its data and ports outlive its process, so it can be killed and restarted.

    The process ends with the thread that called `start`: call it from one that stays.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kafka-"))
        self._broker, self._controller = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self._broker}"

    def start(self) -> None:
        """Format the data folder at first, start, and wait until it answers."""
        properties = self._folder / "server.properties"
        if not properties.is_file():
            properties.write_text(self.properties())
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            # With "=", for an id may begin with "-", which would be taken for an option.
            arguments = ["format", f"--cluster-id={cluster}", f"--config={properties}"]
            arguments += self.format_arguments()
            done = subprocess.run(
                _java("kafka.tools.StorageTool", *arguments),
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise RuntimeError(f"Kafka's data folder was not made:\n{done.stderr[-3000:]}")
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                _java("kafka.Kafka", str(properties)),
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        self._wait_until_ready()

    def properties(self) -> str:
        """Return the broker's configuration."""
        return PROPERTIES.format(
            broker=self._broker, controller=self._controller, data=self._folder / "data"
        )

    def format_arguments(self) -> list[str]:
        """Return what the data folder is formatted with beside the usual."""
        return []

    def stop(self) -> None:
        """Shut down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once, as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Shut down in order and start on the same ports and data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop, and delete the data."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_ready(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        until = time.monotonic() + READY_LIMIT_S
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                admin.list_topics(timeout=1.0)
            except KafkaException:
                time.sleep(POLL_S)
            else:
                return
        log = (self._folder / "server.log").read_text(errors="replace")
        raise RuntimeError(f"Kafka did not come up:\n{log[-3000:]}")


def _java(*arguments: str) -> list[str]:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", "-Xmx512m", quiet, "-cp", f"{kafka_jars()}/*", *arguments]


def free_ports(count: int) -> list[int]:
    """Return that many different loopback ports that nothing listens on."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            found.append(port)
    return found


def _die_with_parent() -> None:
    # Even a test run that is killed leaves no broker behind.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
