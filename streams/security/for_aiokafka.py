"""The way to the broker as aiokafka, and so Faust, wants to be told it.

A refused or missing token is an error of the client's own kind where the client asks for it, so
that it tries again as it does when a connection fails; what was wrong is logged.
"""

from __future__ import annotations

from typing import Any

import structlog
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from streams.security.errors import AccessError
from streams.security.secret import password
from streams.security.settings import Mechanism, SecuritySettings
from streams.security.tls import tls_context
from streams.security.tokens import TokenSource, token_source

log = structlog.get_logger(__name__)


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # the client has no types
    """Gives tokens to aiokafka, which asks once a connection."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        """Return a token; raises `KafkaConnectionError`, after which the client asks again."""
        try:
            return (await self._source.token()).text
        except AccessError as error:
            log.error(str(error), action="token_missing")
            raise KafkaConnectionError(str(error)) from error


def aiokafka_options(security: SecuritySettings) -> dict[str, Any]:
    """Return what aiokafka's clients are made with; raises `AccessRefused` for unfit files."""
    protocol = security.security_protocol
    options: dict[str, Any] = {"security_protocol": protocol.value}
    if protocol.has_tls:
        options["ssl_context"] = tls_context(security)
    if security.sasl_mechanism is None:
        return options
    options["sasl_mechanism"] = security.sasl_mechanism.value
    if security.sasl_mechanism is Mechanism.OAUTHBEARER:
        return options | {"sasl_oauth_token_provider": TokenProvider(token_source(security))}
    return options | {
        "sasl_plain_username": security.sasl_username,
        "sasl_plain_password": password(security),
    }
