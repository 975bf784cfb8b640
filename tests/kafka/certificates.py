"""Certificates of a test run: an authority, what the broker shows, what clients show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

KEY_PASSWORD = "open-sesame-key"
HOST = "127.0.0.1"


class Certificates:
    """Files in one folder; `wrong_ca` vouches for nobody here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = self._write("ca.pem", self._authority.cert_pem.bytes())
        self.wrong_ca = self._write("wrong-ca.pem", trustme.CA().cert_pem.bytes())
        self.broker_certificate, self.broker_key = self.issue(HOST, "broker")
        self.client_certificate, self.client_key = self.issue("till", "client")
        _, self.locked_key = self._pair(
            "locked", self._client, BestAvailableEncryption(KEY_PASSWORD.encode())
        )
        stranger = trustme.CA().issue_cert("till", common_name="till")
        self.stranger_certificate, self.stranger_key = self._pair(
            "stranger", stranger, NoEncryption()
        )

    def issue(self, identity: str, name: str) -> tuple[Path, Path]:
        """Return certificate and key for `identity`, signed by the authority."""
        self._client = self._authority.issue_cert(identity, common_name=identity)
        return self._pair(name, self._client, NoEncryption())

    def expired(self) -> tuple[Path, Path]:
        """Return a broker's certificate and key that were good until yesterday."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        old = self._authority.issue_cert(
            HOST,
            common_name=HOST,
            not_before=yesterday - timedelta(days=1),
            not_after=yesterday,
        )
        return self._pair("expired", old, NoEncryption())

    def _pair(
        self, name: str, made: trustme.LeafCert, encryption: KeySerializationEncryption
    ) -> tuple[Path, Path]:
        chain = b"".join(one.bytes() for one in made.cert_chain_pems)
        key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
        # Java reads keys in PKCS #8 only.
        written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        return self._write(f"{name}.pem", chain), self._write(f"{name}-key.pem", written)

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path
