"""Certificates and keys."""

from __future__ import annotations

import ssl
from pathlib import Path

from streams.security.errors import AccessRefused
from streams.security.secret import reveal
from streams.security.settings import SecuritySettings


def tls_context(security: SecuritySettings) -> ssl.SSLContext:
    """Return what connections are encrypted with; raises `AccessRefused` for unfit files."""
    context = trusting("kafka.ssl_ca_file", security.ssl_ca_file)
    context.check_hostname = security.ssl_check_hostname
    if security.ssl_certificate_file is not None and security.ssl_key_file is not None:
        password = reveal(
            "ssl_key_password", security.ssl_key_password, security.ssl_key_password_file
        )
        _show(context, security.ssl_certificate_file, security.ssl_key_file, password)
    return context


def trusting(setting: str, file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the file's certificates, else the system's."""
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise AccessRefused(f"{setting} = {file} holds no certificate in PEM") from error
    except OSError as error:
        raise AccessRefused(f"cannot read {setting} = {file}: {error.strerror}") from error


def _show(context: ssl.SSLContext, certificate: Path, key: Path, password: str | None) -> None:
    for setting, file in (("ssl_certificate_file", certificate), ("ssl_key_file", key)):
        try:
            file.open("rb").close()
        except OSError as error:
            problem = f"cannot read kafka.{setting} = {file}: {error.strerror}"
            raise AccessRefused(problem) from error
    try:
        # Called, not given: without any, OpenSSL would ask for it at the terminal, and wait.
        context.load_cert_chain(certificate, key, lambda: password or "")
    except (ssl.SSLError, ValueError) as error:
        raise AccessRefused(_why(error, certificate, key, password)) from error


def _why(error: Exception, certificate: Path, key: Path, password: str | None) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return f"kafka.ssl_key_file = {key} is not the key of {certificate}"
    if "BEGIN ENCRYPTED" in key.read_text(encoding="utf-8", errors="replace"):
        problem = "is wrong" if password else "is missing"
        return f"kafka.ssl_key_file = {key} is encrypted, and kafka.ssl_key_password {problem}"
    return f"kafka.ssl_certificate_file = {certificate} and {key} are no certificate and key in PEM"
