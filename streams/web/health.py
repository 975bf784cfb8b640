"""Health and metrics, for orchestrators and Prometheus: open to all, and telling nobody's data."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from streams.telemetry.metrics import CONTENT_TYPE
from streams.telemetry.standing import Standing

OK, UNAVAILABLE = 200, 503


def health_routes(
    standing: Callable[[], Standing], exposition: Callable[[], bytes]
) -> list[web.RouteDef]:
    """Return the routes of `/healthz`, `/readyz` and `/metrics`.

    That `/healthz` answers shows that the event loop turns; it says no when no inference worker
    can be started any more. One that is being started again is no reason to end this process.
    """

    async def healthz(_: web.Request) -> web.Response:
        stands = standing()
        body = {"alive": not stands.is_dead, "inference_worker": _named(stands)}
        return web.json_response(body, status=UNAVAILABLE if stands.is_dead else OK)

    async def readyz(_: web.Request) -> web.Response:
        problems = standing().problems()
        body = {"ready": not problems, "problems": problems}
        return web.json_response(body, status=UNAVAILABLE if problems else OK)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"Content-Type": CONTENT_TYPE})

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
    ]


def _named(standing: Standing) -> str:
    if not standing.is_taking_events:
        return "starting"
    if standing.is_dead:
        return "gone"
    return "up" if standing.is_up else "restarting"
