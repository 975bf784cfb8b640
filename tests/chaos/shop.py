"""A run's world: broker, workers, feeder and reader."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient

from schemas.topics import DEFAULT_PARTITIONS, DEFAULT_TOPICS
from tests.chaos import hooks
from tests.chaos.broker import ProxiedServer
from tests.chaos.feeder import Feeder
from tests.chaos.process import Setup, Worker
from tests.chaos.reader import Names, Reader
from tests.chaos.records import TABLES
from tests.chaos.verify import Verdict, verify

GROUP = "chaos"
POLL_S = 0.01
TOPICS_LIMIT_S = 60.0
SETTLE_LIMIT_S = 60.0
END_LIMIT_S = 60.0
RESTART_S = 0.2
"""A supervisor waits this long before it starts a worker that ended by itself."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is made with."""

    delivery: str
    seed: int
    store: str = "memory"
    standbys: int = 0  # of each table's partition, in another worker
    rate: float = 300.0  # events a second
    users: int = 60
    keep_logs: bool = False  # they are kept anyway where the guarantee is broken


class Shop:
    """Everything that runs from the first round to the last."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self.broker = ProxiedServer()
        self._topics = {spec.id: f"{GROUP}.{spec.name}" for spec in DEFAULT_TOPICS}
        self._folder = folder
        self.keep_logs = False  # true where somebody will want to read them
        self.exits = 0  # workers that ended by themselves or not as they should

    def start(self) -> None:
        """Start the broker, the worker, the reader and the flow of events."""
        self.broker.start()
        setup = self._setup()
        self.main, self.guest = Worker(setup, "main"), Worker(setup, "guest")
        self.main.start()
        if not self.main.wait_until_ready():
            raise RuntimeError(f"the worker did not start:\n{self.main.log.read_text()[-4000:]}")
        names = self._names()
        self._wait_for(names)
        options, servers = self._options, self.broker.bootstrap_servers
        self.reader = Reader(servers, names, DEFAULT_PARTITIONS)
        self.feeder = Feeder(
            servers, names.source, rate=options.rate, users=options.users, seed=options.seed
        )
        self.reader.start()
        self.feeder.start()

    def settle(self, limit_s: float = SETTLE_LIMIT_S) -> bool:
        """Whether all that was sent up to now had its outcome within the limit.

        A worker that ended by itself meanwhile is started again, as its supervisor would.
        """
        ends = self.feeder.ends()
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if not self.main.runs:
                self.exits += 1
                time.sleep(RESTART_S)
                self.main.start()
            if not self.reader.open_inputs(ends):
                return True
            time.sleep(POLL_S)
        return False

    def stop_worker(self, worker: Worker) -> None:
        """Stop a worker as an operator would; an end that is not clean counts as an exit."""
        if worker.terminate() != 0:
            self.exits += 1

    def finish(self) -> Verdict:
        """End the flow, stop the worker cleanly, and compare everything."""
        self.feeder.stop()
        if not self.settle():
            self.main.kill()
            self.main.start()
            self.settle()
        self.stop_worker(self.main)
        if not self.reader.wait_for_end(END_LIMIT_S):
            raise RuntimeError("the topics were not read to their end")
        self.reader.stop()
        reader = self.reader
        wanted = sum(self.feeder.ends().values())
        if len(reader.inputs) != wanted:
            raise RuntimeError(f"{len(reader.inputs)} inputs were read, {wanted} confirmed")
        return verify(reader.inputs, reader.outcomes, reader.writes, self.main.held())

    def injected(self) -> dict[str, int]:
        """Return what the hooks did to transactions, counted."""
        total: Counter[str] = Counter()
        for worker in (self.main, self.guest):
            if worker.log.is_file():
                total.update(hooks.counted(worker.log.read_bytes()))
        return dict(total)

    def remove(self) -> None:
        """End everything that still runs."""
        for worker in (getattr(self, "main", None), getattr(self, "guest", None)):
            if worker is not None:
                worker.remove()
        self.broker.remove()
        if self.broker.proxy.is_running:
            self.broker.proxy.stop()

    def _setup(self) -> Setup:
        model = self._folder / "model"
        model.mkdir()
        return Setup(
            bootstrap=self.broker.proxied_servers,
            group=GROUP,
            delivery=self._options.delivery,
            topics=self._topics,
            folder=self._folder,
            model=model,
            seed=self._options.seed,
            store=self._options.store,
            standbys=self._options.standbys,
        )

    def _names(self) -> Names:
        return Names(
            source=self._topics["reviews"],
            results=self._topics["review-labels"],
            letters=self._topics["dead-letters"],
            changelogs={f"{GROUP}-{table}-changelog": table for table in TABLES},
        )

    def _wait_for(self, names: Names) -> None:
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap_servers})
        until = time.monotonic() + TOPICS_LIMIT_S
        while missing := set(names.all()) - _topics(admin):
            if time.monotonic() > until:
                raise RuntimeError(f"the worker did not make {sorted(missing)}")
            time.sleep(POLL_S)


@contextlib.contextmanager
def open_shop(options: Options) -> Iterator[Shop]:
    """Yield a shop in which events flow; its folder with the logs stays after an error."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    shop = Shop(options, folder)
    try:
        shop.start()
        yield shop
    except BaseException as error:
        error.add_note(f"the logs are in {folder}")
        raise
    finally:
        shop.remove()
    if shop.keep_logs:
        print(f"the logs are in {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _topics(admin: AdminClient) -> set[str]:
    known: Mapping[str, object] = admin.list_topics(timeout=TOPICS_LIMIT_S).topics
    return set(known)
