"""Serves Perspective's API, so that a program moves by its address and key alone."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
import structlog
from aiohttp import web

from inference.client import Inference
from streams.config_sections import PerspectiveSettings
from streams.perspective.analysis import SLOT, Analysis
from streams.perspective.errors import Refused, Status, invalid
from streams.perspective.messages import read_request
from streams.web.access import SCORING

log = structlog.get_logger(__name__)

PATH: Final = f"{SCORING}comments:analyze"
BODY_LIMIT_S: Final = 5.0


class Perspective:
    """Routes that say `UNAVAILABLE` until there is somebody to ask."""

    def __init__(self, settings: PerspectiveSettings) -> None:
        self._settings = settings
        self._analysis: Analysis | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        return [web.post(PATH, self._serve)]

    def ask(self, inference: Inference) -> None:
        """Ask these models from now on."""
        settings = self._settings
        if settings.enabled and SLOT not in inference.models:
            log.warning("Perspective's requests have no moderation model", action="no_moderation")
        self._analysis = Analysis(
            inference, deadline_s=settings.deadline_s, most=settings.requests_at_once
        )

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            return _json(await self._analyze(request), 200)
        except Refused as refused:
            return _json(refused.body(), refused.status.value)

    async def _analyze(self, request: web.Request) -> dict[str, Any]:
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                body = await request.read()
        except TimeoutError:
            raise Refused(Status.DEADLINE_EXCEEDED, "The request took too long to come.") from None
        except web.HTTPRequestEntityTooLarge:
            raise invalid("Comment text too long.", "COMMENT_TOO_LONG") from None
        wish = read_request(body)
        if self._analysis is None:
            raise Refused(Status.UNAVAILABLE, "The models are being loaded: try again.")
        return await self._analysis.analyze(wish)


def _json(found: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(found), status=status, content_type="application/json")
