"""The worker's web server: started before anything that takes long, so that it can be watched."""

from __future__ import annotations

import errno
import socket
from contextlib import AsyncExitStack
from typing import Final

from streams.config import Settings
from streams.config_sections import WebSettings
from streams.errors import StartupError
from streams.faust_app import ShopApp
from streams.telemetry.build import Telemetry
from streams.web.access import Access
from streams.web.dashboard import Dashboard
from streams.web.health import health_routes
from streams.web.perspective import Perspective
from streams.web.records import BrokerRecords
from streams.web.server import WorkerWeb

_WHY: Final = {
    errno.EADDRINUSE: "port {port} is taken: set web.port to a free one",
    errno.EACCES: "port {port} is not for this user: set web.port to one from 1024 on",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine: set web.host to one that is",
}


async def start_web(
    settings: Settings, app: ShopApp, telemetry: Telemetry, stack: AsyncExitStack
) -> Perspective:
    """Serve what is configured; raises `StartupError` with one sentence where it cannot.

    What is returned waits for the models.
    """
    perspective = Perspective(settings.perspective)
    if not settings.web.enabled:
        return perspective
    server = app.worker_web
    server.add_routes(health_routes(telemetry.observer.standing, telemetry.exposition))
    server.guard(Access(settings.web))
    dashboard = Dashboard(
        history=telemetry.history,
        standing=telemetry.observer.standing,
        recent=telemetry.recent,
        records=BrokerRecords(settings),
        topics=settings.named_topics(),
    )
    server.show(dashboard)
    if settings.perspective.enabled:
        server.add_routes(perspective.routes())
    await listen(server, settings.web, stack)
    return perspective


async def listen(server: WorkerWeb, web: WebSettings, stack: AsyncExitStack) -> None:
    """Start the server; raises `StartupError` as above."""
    stack.push_async_callback(server.stop)
    try:
        # Faust, which starts it with the application, leaves one that runs alone.
        await server.start()
    except OSError as error:
        raise StartupError(_sentence(error, web)) from error


def require_page(web: WebSettings) -> None:
    """Raise `StartupError` where no page is served that Perspective's API could be on."""
    if not web.enabled:
        raise StartupError("perspective.enabled is of no use with web.enabled = false")


def require_port(web: WebSettings) -> None:
    """Raise `StartupError` where the page could not be served at the moment."""
    try:
        found = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)
        for family, _, _, _, address in found:
            _try_port(str(address[0]), web.port, family, is_only=len(found) == 1)
    except OSError as error:
        raise StartupError(_sentence(error, web)) from error


def _try_port(address: str, port: int, family: int, *, is_only: bool) -> None:
    try:
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        # `localhost` may be known by an address of IPv6 too, on a machine that has none.
        if is_only or error.errno != errno.EADDRNOTAVAIL:
            raise


def _sentence(error: OSError, web: WebSettings) -> str:
    why = _WHY.get(error.errno or 0, "{host}:{port} cannot be listened on: set web.host, web.port")
    if isinstance(error, socket.gaierror):
        why = "there is no host {host}: set web.host to an address of this machine"
    return why.format(host=web.host, port=web.port) + ", or web.enabled = false"
