"""What a worker tells of itself, built as the settings say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from inference.tasks.registry import TASKS
from streams.config import Settings
from streams.config_sections import TracingSettings
from streams.engine import Engine
from streams.errors import StartupError
from streams.telemetry.figures import new_figures
from streams.telemetry.history import History
from streams.telemetry.hooks import SILENT, Signals
from streams.telemetry.metrics import WorkerCollector, exposition
from streams.telemetry.observer import Observer, ServedModels, Watched
from streams.telemetry.recent import Recent
from streams.telemetry.recorder import NewTraces, Recorder, untraced

if TYPE_CHECKING:
    from streams.faust_app import ShopApp

TRACER: Final = "shopstreams"


class Telemetry:
    """Figures, traces and health of one worker."""

    def __init__(self, settings: Settings) -> None:
        """Begin; what spans need is there, as `require_tracing` says."""
        self._stop_traces: Callable[[], None] | None = None
        figures = new_figures()
        self.recent = Recent()
        self._recorder = Recorder(figures, self._traces(settings), self.recent)
        self.observer = Observer(settings.web.ready_lag)
        is_heard = settings.web.enabled or settings.tracing.endpoint is not None
        self.signals: Signals = self._recorder if is_heard else SILENT
        ids = {spec.name: spec.id for spec in settings.named_topics().specs}
        standing = self.observer.standing
        self.exposition = exposition(WorkerCollector(figures, standing, ids))
        lanes = {task.name: task.lane.name.lower() for task in TASKS}
        self.history = History(figures, standing, lanes, ids)

    def watch(self, inference: ServedModels, app: ShopApp, engine: Engine) -> None:
        """Look at a worker that takes events from now on."""
        self.observer.watch(
            Watched(
                inference=inference,
                owned=lambda: engine.owned,
                oldest_s=self._recorder.oldest_s,
                is_rebalancing=lambda: bool(app.rebalancing),
                is_stopping=lambda: bool(app.should_stop),
                ends=lambda tps: app.chunk_consumer.highwaters(*tps),
            )
        )

    async def stop(self) -> None:
        """Send the spans that are left, as long as the collector takes them."""
        if self._stop_traces is not None:
            await asyncio.to_thread(self._stop_traces)

    def _traces(self, settings: Settings) -> NewTraces:
        endpoint = settings.tracing.endpoint
        if endpoint is None:
            return untraced
        return self._spans(endpoint, settings.tracing, settings.kafka.instance_id or uuid4().hex)

    def _spans(self, endpoint: str, tracing: TracingSettings, instance: str) -> NewTraces:
        # Here, not above: who traces nothing needs no OpenTelemetry.
        from streams.telemetry.tracing import SpanMaker, create_provider

        provider = create_provider(endpoint, instance)
        self._stop_traces = provider.shutdown
        return SpanMaker(provider.get_tracer(TRACER), tracing.chunk_share).partition


def require_tracing() -> None:
    """Raise `StartupError` where no spans can be made."""
    try:
        import_module("streams.telemetry.tracing")
    except ImportError as error:
        raise StartupError(
            "tracing.endpoint is set, and OpenTelemetry is not installed:"
            " from the checkout, pip install -e '.[tracing]'"
        ) from error
