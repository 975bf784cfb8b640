"""Faust's web server, closed and bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from aiohttp.web import AbstractRouteDef, Application, AppRunner
from faust.web.drivers.aiohttp import Web

from streams.web.access import Access, add_headers
from streams.web.dashboard import Dashboard

MAX_BODY_BYTES: Final = 64 * 1024
IDLE_LIMIT_S: Final = 15.0
"""For a connection that sends no whole request, be it idle or slow."""
STOP_LIMIT_S: Final = 1.0
"""For requests that are being answered when the worker stops."""


class WorkerWeb(Web):
    """Faust's web server without the pages that show what tables hold: it is personal."""

    default_blueprints: ClassVar[Any] = []
    production_blueprints: ClassVar[Any] = []
    debug_blueprints: ClassVar[Any] = []
    optional_blueprints: ClassVar[Any] = []

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.web_app = Application(client_max_size=MAX_BODY_BYTES)
        self._runner = AppRunner(
            self.web_app,
            access_log=None,
            keepalive_timeout=IDLE_LIMIT_S,
            shutdown_timeout=STOP_LIMIT_S,
        )

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> None:
        """Serve more; to be called before the start, as all here."""
        self.web_app.router.add_routes(routes)

    def guard(self, access: Access) -> None:
        """Let it decide on requests."""
        self.web_app.middlewares.append(access.middleware)
        self.web_app.on_response_prepare.append(add_headers)

    def show(self, dashboard: Dashboard) -> None:
        """Serve the dashboard."""
        self.add_routes(dashboard.routes())
        self.web_app.cleanup_ctx.append(dashboard.running)
        self.web_app.on_shutdown.append(dashboard.on_shutdown)
