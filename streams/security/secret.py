"""Secrets out of settings or files; nowhere else are they in the clear."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from streams.security.errors import AccessRefused
from streams.security.settings import SecuritySettings


def reveal(name: str, value: SecretStr | None, file: Path | None) -> str | None:
    """Return the secret of the setting `name`, None where none is set.

    A file is read anew each time, so that a changed one counts from the next client on; its last
    line break is not part of it. Raises `AccessRefused`.
    """
    if value is not None:
        return value.get_secret_value()
    return None if file is None else read_secret(f"kafka.{name}_file", file)


def password(security: SecuritySettings) -> str:
    """Return the user's password; raises `AccessRefused`."""
    return reveal("sasl_password", security.sasl_password, security.sasl_password_file) or ""


def read_secret(setting: str, file: Path) -> str:
    """Return what the file of `setting` holds; raises `AccessRefused`."""
    try:
        found = file.read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        raise AccessRefused(f"cannot read {setting} = {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        # Not as a cause: it carries the bytes.
        raise AccessRefused(f"{setting} = {file} is not UTF-8 (at byte {error.start})") from None
    if not found:
        raise AccessRefused(f"{setting} = {file} is empty")
    return found
