"""OAuth tokens: asked for by client credentials or read from a file, kept, renewed in time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

import aiohttp
import orjson
import structlog

from streams.security.errors import AccessRefused, TokenLater
from streams.security.secret import read_secret, reveal
from streams.security.settings import SecuritySettings
from streams.security.tls import trusting

log = structlog.get_logger(__name__)

RENEWED_AT = 0.8
"""Of a token's life: from then on a new one is asked for, and the old one is still good."""
ASKING_TIMEOUT_S = 10.0
UNKNOWN_LIFE_S = 60.0
"""Of a token that does not tell when it ends."""
_OUR_FAULT = range(400, 500)
_TOO_MANY = 429


@dataclass(frozen=True, kw_only=True)
class Token:
    """What proves to the broker who we are, for a while."""

    text: str
    renewed_at: float  # Unix seconds
    expires_at: float  # Unix seconds

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at:.0f})"


class TokenSource(Protocol):
    """Where tokens come from."""

    async def token(self) -> Token:
        """Return a valid token; raises `AccessRefused` or `TokenLater`."""
        ...


def token_source(security: SecuritySettings) -> TokenSource:
    """Return where the settings say that tokens come from."""
    if security.oauth_token_file is not None:
        return FileTokens(security)
    return EndpointTokens(security)


class FileTokens:
    """A file that something else renews, as an orchestrator does."""

    def __init__(self, security: SecuritySettings, clock: Callable[[], float] = time.time) -> None:
        if security.oauth_token_file is None:
            raise ValueError("there is no file")
        self._file = security.oauth_token_file
        self._clock = clock

    async def token(self) -> Token:
        """Return the file's token; raises `AccessRefused`, `TokenLater` if it has expired."""
        text, now = read_secret("kafka.oauth_token_file", self._file), self._clock()
        expires_at = _expiry(text)
        if expires_at is None:
            return _token(text, now, now + UNKNOWN_LIFE_S)
        if expires_at <= now:
            raise TokenLater(
                f"the token in {self._file} expired {now - expires_at:.0f} s ago: renew it"
            )
        return _token(text, now, expires_at)


class EndpointTokens:
    """The client credentials' flow of OAuth 2 (RFC 6749, 4.4); any thread and loop may ask."""

    def __init__(self, security: SecuritySettings, clock: Callable[[], float] = time.time) -> None:
        if security.oauth_token_endpoint is None or security.oauth_client_id is None:
            raise ValueError("there is no endpoint")
        self._security = security
        self._endpoint = security.oauth_token_endpoint
        self._client_id = security.oauth_client_id
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: Token | None = None

    async def token(self) -> Token:
        """Return a valid token, an earlier one while it has enough of its life before it."""
        now = self._clock()
        with self._lock:
            kept = self._kept
        if kept is not None and now < kept.renewed_at:
            return kept
        try:
            token = await self._ask()
        except (TokenLater, AccessRefused) as error:
            # A refusal too: it may be healed, and until the earlier token ends nothing is lost.
            if kept is None or now >= kept.expires_at:
                raise
            log.warning(
                "the earlier token will do",
                action="token_kept",
                for_s=round(kept.expires_at - now),
                error=str(error),
            )
            return kept
        with self._lock:
            self._kept = token
        return token

    async def _ask(self) -> Token:
        asked_at = self._clock()
        try:
            status, body = await self._post()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise TokenLater(
                f"the token endpoint {self._endpoint} does not answer ({_what(error)})"
            ) from error
        if status in _OUR_FAULT and status != _TOO_MANY:
            raise AccessRefused(
                f"the token endpoint {self._endpoint} refuses client {self._client_id!r} "
                f"({status}{_said(body)}): check kafka.oauth_client_id and its secret"
            )
        text = body.get("access_token")
        if status != 200 or not isinstance(text, str) or not text:
            raise TokenLater(f"the token endpoint {self._endpoint} gave no token ({status})")
        life = body.get("expires_in")
        if not isinstance(life, int | float):
            life = (_expiry(text) or asked_at + UNKNOWN_LIFE_S) - asked_at
        if life <= 0:
            raise TokenLater(
                f"the token endpoint {self._endpoint} gave a token that has expired: are both "
                "clocks right?"
            )
        return _token(text, asked_at, asked_at + life)

    async def _post(self) -> tuple[int, dict[str, Any]]:
        security = self._security
        secret = reveal(
            "oauth_client_secret", security.oauth_client_secret, security.oauth_client_secret_file
        )
        form = {"grant_type": "client_credentials"}
        if security.oauth_scope:
            form["scope"] = security.oauth_scope
        encrypted = self._endpoint.startswith("https://")
        context = trusting("kafka.oauth_ca_file", security.oauth_ca_file) if encrypted else True
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ASKING_TIMEOUT_S)) as session,
            session.post(
                self._endpoint,
                data=form,
                headers={"Authorization": _basic(self._client_id, secret or "")},
                ssl=context,
                allow_redirects=False,
            ) as answer,
        ):
            return answer.status, _as_object(await answer.read())


def ask_now(source: TokenSource) -> Token:
    """Return a token to a thread that must wait for it, whether a loop runs in it or not."""
    answer: list[Token | BaseException] = []

    def ask() -> None:
        try:
            answer.append(asyncio.run(source.token()))
        except BaseException as error:  # handed over to whoever waits
            answer.append(error)

    asking = threading.Thread(target=ask, name="token")
    asking.start()
    asking.join()
    if isinstance(answer[0], BaseException):
        raise answer[0]
    return answer[0]


def _basic(client_id: str, secret: str) -> str:
    """Return the proof of RFC 6749, 2.3.1, which encodes both parts as a form does."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _token(text: str, now: float, expires_at: float) -> Token:
    return Token(text=text, expires_at=expires_at, renewed_at=now + RENEWED_AT * (expires_at - now))


def _expiry(text: str) -> float | None:
    """Return when a JSON Web Token says that it ends, None where it is none or does not say."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    return float(end) if isinstance(end, int | float) else None


def _as_object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(body: dict[str, Any]) -> str:
    """Return the endpoint's own code; its description may repeat what it was sent."""
    code = body.get("error")
    return f" {code}" if isinstance(code, str) and code.replace("_", "").isalnum() else ""


def _what(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)
