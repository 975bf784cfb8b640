"""The way to the broker as librdkafka wants to be told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from streams.security.errors import AccessError
from streams.security.secret import password, reveal
from streams.security.settings import Mechanism, SecuritySettings
from streams.security.tls import tls_context

log = structlog.get_logger(__name__)


def librdkafka_options(security: SecuritySettings) -> dict[str, Any]:
    """Return what librdkafka's clients are made with.

    Raises `AccessRefused` for files that will not do, and where there is no token `AccessRefused`
    or `TokenLater`: the client itself would only wait for one, in silence.
    """
    protocol = security.security_protocol
    options: dict[str, Any] = {"security.protocol": protocol.value}
    if protocol.has_tls:
        options |= _librdkafka_tls(security)
    if security.sasl_mechanism is None:
        return options
    options["sasl.mechanism"] = security.sasl_mechanism.value
    if security.sasl_mechanism is Mechanism.OAUTHBEARER:
        return options | {"oauth_cb": _tokens(security)}
    return options | {"sasl.username": security.sasl_username, "sasl.password": password(security)}


def _librdkafka_tls(security: SecuritySettings) -> dict[str, Any]:
    tls_context(security)  # its sentences are the clearer ones
    checked = "https" if security.ssl_check_hostname else "none"
    options = {"ssl.endpoint.identification.algorithm": checked}
    files = {
        "ssl.ca.location": security.ssl_ca_file,
        "ssl.certificate.location": security.ssl_certificate_file,
        "ssl.key.location": security.ssl_key_file,
    }
    options |= {name: str(file) for name, file in files.items() if file is not None}
    secret = reveal("ssl_key_password", security.ssl_key_password, security.ssl_key_password_file)
    return options | ({} if secret is None else {"ssl.key.password": secret})


def _tokens(security: SecuritySettings) -> Callable[[str], tuple[str, float]]:
    # Here, not above: most commands ask for no token, and an HTTP client takes long to import.
    from streams.security.tokens import ask_now, token_source

    source = token_source(security)

    first = [ask_now(source)]

    def give(_config: str) -> tuple[str, float]:
        try:
            token = first.pop() if first else ask_now(source)
        except AccessError as error:
            log.error(str(error), action="token_missing")
            raise
        return token.text, token.expires_at

    return give
