"""The order of things: broker, reference data, worker, feed and screen, and back."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.status import Status

from schemas.topics import Role
from streams.admin import touch_topics
from streams.config import Settings
from streams.demo.broker import EmbeddedBroker
from streams.demo.errors import DemoError
from streams.demo.feed import DEFAULT_RATE, Feed
from streams.demo.state import DemoState
from streams.demo.view import screen
from streams.demo.worker import DemoWorker
from streams.outcome_ledger import Ledger
from streams.outcomes import OutcomeReader, source_ends
from streams.output_files import require_writable, write_output

NO_PROGRESS_S: Final = 60.0
"""After the feed's end: so long without any outcome, and the rest counts as missing."""

_SPINNER = "dots"
_READ_WAIT_S: Final = 0.1
_REFRESHES_A_SECOND: Final = 8

Show = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """What is asked of one demo."""

    seconds: float | None = None  # of feeding; None is until interrupted
    rate: float = DEFAULT_RATE  # events a second
    json_file: Path | None = None  # where the report goes
    worker_arguments: tuple[str, ...] = ()  # of `shopstreams run`


def run_demo(settings_at: Callable[[str], Settings], plan: DemoPlan) -> dict[str, Any]:
    """Run the demo and return its report; `settings_at` makes settings for a broker's address.

    Raises `DemoError` where a part does not start or ends early, `OutputError` where the report
    cannot be written. Interrupted, it ends all that it
    started, writes the report and raises `KeyboardInterrupt`.
    """
    require_writable(plan.json_file)
    console = Console(stderr=True)
    with _ends_on_signals(), ExitStack() as stack:
        folder = stack.enter_context(_folder())
        with console.status("starting a broker", spinner=_SPINNER) as status:
            running = _start(stack, settings_at, plan, folder, status)
        try:
            with _shown(console, running.state) as show:
                running.feed_and_wait(plan.seconds, show)
        finally:
            report = running.state.report()
            _write(report, plan.json_file)
            console.print("stopping the worker and the broker")
    return report


@dataclass(frozen=True, kw_only=True)
class _Running:
    """A demo that is up."""

    worker: DemoWorker
    feed: Feed
    reader: OutcomeReader
    state: DemoState

    def feed_and_wait(self, seconds: float | None, show: Show) -> None:
        """Feed for so long, then wait for what is on its way."""
        begun = time.monotonic()
        while seconds is None or time.monotonic() - begun < seconds:
            self.feed.step()
            self._take(show)
        self.feed.finish()
        ledger = self.state.ledger
        done, last = ledger.done, time.monotonic()
        while ledger.done < ledger.events and time.monotonic() - last < NO_PROGRESS_S:
            self._take(show)
            if ledger.done > done:
                done, last = ledger.done, time.monotonic()

    def _take(self, show: Show) -> None:
        self.worker.check()
        for record in self.reader.read(_READ_WAIT_S):
            self.state.outcome(record, time.monotonic())
        show()


def _start(
    stack: ExitStack,
    settings_at: Callable[[str], Settings],
    plan: DemoPlan,
    folder: Path,
    status: Status,
) -> _Running:
    # 1. The broker. What is pushed on the stack first is stopped last.
    broker = EmbeddedBroker(folder)
    stack.callback(broker.stop)
    settings = settings_at(broker.address)
    topics = settings.named_topics()
    touch_topics(settings.kafka, [spec.name for spec in topics.specs])
    # 2. Who looks at the outcomes, before there can be any.
    ledger = Ledger(source_ends(settings, [spec.name for spec in topics.of(Role.SOURCE)]))
    state = DemoState(ledger)
    reader = OutcomeReader(settings)
    stack.callback(reader.close)
    # 3. What the shop sells and knows: the worker reads it whole before it takes events.
    _say(status, "sending catalogue and knowledge base")
    feed = Feed(settings.kafka, topics, state.delivered, rate=plan.rate)
    feed.send_references()
    # 4. The worker.
    _say(status, "starting the worker")
    worker = DemoWorker(broker.address, folder, list(plan.worker_arguments))
    stack.callback(worker.stop)
    worker.await_ready(lambda said: _say(status, f"starting the worker: {said}"))
    return _Running(worker=worker, feed=feed, reader=reader, state=state)


def _say(status: Status, text: str) -> None:
    """Show where the start stands, now: a step shorter than a refresh would never be seen."""
    status.update(text, spinner=_SPINNER)


@contextmanager
def _shown(console: Console, state: DemoState) -> Iterator[Show]:
    """Show the screen on a terminal; elsewhere nothing."""
    if not console.is_terminal:
        yield lambda: None
        return

    def whole() -> Any:
        return screen(state, time.monotonic(), console.width)

    with Live(console=console, screen=True, auto_refresh=False, get_renderable=whole) as live:
        due = 0.0

        def show() -> None:
            nonlocal due
            if time.monotonic() >= due:
                live.refresh()
                due = time.monotonic() + 1 / _REFRESHES_A_SECOND

        yield show


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for logs and state; it stays where an error's message names a log in it."""
    folder = Path(tempfile.mkdtemp(prefix="shopstreams-demo-"))
    try:
        yield folder
    except DemoError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Take the request to end, and the terminal's end, like Ctrl-C: children are ended first."""

    interrupted = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    except Exception:
        # Raised inside a client's callback, an interruption comes out as that client's error.
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _write(report: dict[str, Any], file: Path | None) -> None:
    if file is not None:
        write_output(file, json.dumps(report, indent=2) + "\n")
