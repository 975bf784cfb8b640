"""Why a connection does not come about: what a client only calls a failure, looked at once more.

librdkafka says of a wrong authority, a host that the certificate does not name and an expired
certificate the same sentence, and of a certificate of ours that the broker does not take nothing
but that the connection ended. This connects by hand and tells them apart.
"""

from __future__ import annotations

import socket
import ssl
import struct
from typing import Final

from streams.security.errors import AccessError, AccessRefused, AccessUnclear
from streams.security.settings import Mechanism, SecuritySettings
from streams.security.tls import tls_context

TIMEOUT_S: Final = 3.0
_API_VERSIONS: Final = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""Kafka's first request: size, key, version, correlation id, no client's name."""
_TLS_ALERT: Final = b"\x15\x03"
_HOST_MISMATCH: Final = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9


def refusal(security: SecuritySettings, servers: str) -> AccessError | None:
    """Return what is refused and by whom, None where no server answers at all.

    To be asked after a client has failed. Raises `AccessRefused` and `TokenLater` themselves where
    a file or the token endpoint is the cause.
    """
    if security.sasl_mechanism is Mechanism.OAUTHBEARER:
        from streams.security.tokens import ask_now, token_source

        ask_now(token_source(security))
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            return _look(security, host.strip("[]"), int(port))
        except OSError:
            continue
    return None


def not_accepted(security: SecuritySettings, servers: str) -> AccessRefused:
    """Return the sentence for a broker that does not believe who we are."""
    if security.sasl_mechanism is Mechanism.OAUTHBEARER:
        return AccessRefused(
            f"the broker at {servers} does not accept the token: is it meant for this broker, and "
            "are both clocks right?"
        )
    return AccessRefused(
        f"the broker at {servers} does not accept user {security.sasl_username!r} by "
        f"{security.sasl_mechanism}: check kafka.sasl_username, kafka.sasl_password and "
        "kafka.sasl_mechanism"
    )


def _look(security: SecuritySettings, host: str, port: int) -> AccessError | None:
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as plain:
        if not security.security_protocol.has_tls:
            return _told_plainly(security, plain, f"{host}:{port}")
        context = tls_context(security)
        try:
            with context.wrap_socket(plain, server_hostname=host) as secured:
                # A broker that wants a certificate says so only after the handshake.
                secured.sendall(_API_VERSIONS)
                answered = bool(secured.recv(1))
        except TimeoutError:
            return None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            return AccessUnclear(_no_tls(security, f"{host}:{port}"))
        except ssl.SSLError as error:
            return AccessRefused(_sentence(error, security, host, port))
    return _wants_another_protocol(security, f"{host}:{port}") if answered else None


def _told_plainly(security: SecuritySettings, plain: socket.socket, at: str) -> AccessError:
    plain.sendall(_API_VERSIONS)
    if plain.recv(2) == _TLS_ALERT:
        return AccessRefused(
            f"{at} answers, but speaks TLS: set kafka.security_protocol to SSL or SASL_SSL"
        )
    return _wants_another_protocol(security, at)


def _wants_another_protocol(security: SecuritySettings, at: str) -> AccessUnclear:
    if security.security_protocol.has_sasl:
        wanted = "does it offer the mechanism, and SASL at all?"
    else:
        wanted = "does it ask for a user (SASL)?"
    return AccessUnclear(
        f"the broker at {at} ends connections with kafka.security_protocol = "
        f"{security.security_protocol}: {wanted}"
    )


def _sentence(error: ssl.SSLError, security: SecuritySettings, host: str, port: int) -> str:
    at = f"the broker at {host}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _about_theirs(error, security, at, host)
    reason = (error.reason or "").replace("_", " ").lower()
    if "wrong version" in reason or "record layer" in reason:
        return _no_tls(security, f"{host}:{port}")
    if "alert" in reason:
        given = security.ssl_certificate_file or "none"
        return f"{at} refuses our certificate ({reason}): kafka.ssl_certificate_file = {given}"
    return f"{at} and we find no common TLS ({reason})"


def _no_tls(security: SecuritySettings, at: str) -> str:
    return (
        f"the broker at {at} answers, but not with TLS: is kafka.security_protocol = "
        f"{security.security_protocol} right for this port?"
    )


def _about_theirs(
    error: ssl.SSLCertVerificationError, security: SecuritySettings, at: str, host: str
) -> str:
    if error.verify_code in _HOST_MISMATCH:
        return (
            f"{at} shows a certificate that does not name {host}: use the name that it has, or "
            "set kafka.ssl_check_hostname = false"
        )
    if error.verify_code in {_EXPIRED, _NOT_YET_VALID}:
        when = "has expired" if error.verify_code == _EXPIRED else "is not valid yet"
        return f"{at} shows a certificate that {when}: renew it, and check both clocks"
    trusted = security.ssl_ca_file or "the system's list"
    return (
        f"{at} shows a certificate that nobody we trust vouches for ({error.verify_message}): "
        f"kafka.ssl_ca_file = {trusted}"
    )
