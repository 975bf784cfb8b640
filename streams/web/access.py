"""Who may see and who may change: token, own origin, own host; and what browsers are told.

- Pages and health are open; they hold no data.
- Data (`/api/`) is open on loopback, to whoever asks for this machine by a name of its own: a page
  of someone else whose name leads here is refused. Elsewhere it needs the token.
- Changes need the token everywhere, and come from a page of ours or from no page at all.
- Scores (`/v1alpha1/`) change nothing, though they are asked for by POST: they are as data is.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from streams.config_sections import WebSettings
from streams.errors import StartupError
from streams.perspective.errors import Status, error_body

API: Final = "/api/"
SCORING: Final = "/v1alpha1/"
MIN_TOKEN: Final = 16
_KEY_HEADER: Final = "X-Goog-Api-Key"
_SAFE: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Access:
    """Decides on requests, as the settings say."""

    def __init__(self, settings: WebSettings) -> None:
        """Read the token; raises `StartupError` where its file is of no use."""
        self._host = settings.host
        self._is_local = _is_loopback(settings.host)
        self._token = None if settings.token_file is None else read_token(settings.token_file)

    def refusal(self, request: web.Request) -> tuple[HTTPStatus, str] | None:
        """Return why a request is refused, None where it may pass."""
        if not request.path.startswith((API, SCORING)):
            return None
        if self._is_local and not self._is_own_host(request):
            return HTTPStatus.MISDIRECTED_REQUEST, "ask for this machine by its own name"
        if request.method not in _SAFE and not _is_own_page(request):
            return HTTPStatus.FORBIDDEN, "this comes from a page of another site"
        if self._is_local and (request.method in _SAFE or request.path.startswith(SCORING)):
            return None
        if self._token is None:
            return HTTPStatus.FORBIDDEN, "set web.token_file in the worker's configuration first"
        if not self._has_token(request):
            return HTTPStatus.UNAUTHORIZED, "the token is missing or wrong"
        return None

    def _is_own_host(self, request: web.Request) -> bool:
        name = urlsplit(f"//{request.headers.get(hdrs.HOST, '')}").hostname or ""
        return name == self._host or _is_loopback(name)

    def _has_token(self, request: web.Request) -> bool:
        given = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer ")
        if request.path.startswith(SCORING):
            given = request.headers.get(_KEY_HEADER) or request.query.get("key") or given
        return hmac.compare_digest(given.encode(), (self._token or "").encode())

    @property
    def middleware(self) -> Middleware:
        """What stands before every handler."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = self.refusal(request)
            if refused is None:
                return await handler(request)
            return _refused(request, *refused)

        return guard


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Tell browsers what they may do with a response; a signal of the application."""
    response.headers.update(_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def read_token(path: Path) -> str:
    """Return the token in a file; raises `StartupError` if there is none worth the name."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"web.token_file {path} cannot be read: {error}") from error
    if len(token) < MIN_TOKEN:
        raise StartupError(
            f"web.token_file {path} holds fewer than {MIN_TOKEN} characters:"
            " write a token with `openssl rand -hex 32`"
        )
    return token


def _refused(request: web.Request, status: HTTPStatus, why: str) -> web.Response:
    if not request.path.startswith(SCORING):
        return web.json_response({"error": why}, status=status)
    is_unknown = status is HTTPStatus.UNAUTHORIZED
    return web.json_response(
        error_body(Status.UNAUTHENTICATED if is_unknown else Status.PERMISSION_DENIED, why),
        status=status,
    )


def _is_own_page(request: web.Request) -> bool:
    """Whether a change comes from a page of ours; a program that is no browser says nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or urlsplit(origin).netloc == request.headers.get(hdrs.HOST)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
