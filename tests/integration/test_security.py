"""The ways into a broker that asks who is there, for both client libraries, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.admin import BrokerUnreachable, cluster
from streams.clients import Clients
from streams.config import Settings, load_settings
from streams.history import read_history
from streams.security.errors import AccessError, AccessRefused, AccessUnclear, TokenLater
from tests.kafka.certificates import KEY_PASSWORD
from tests.kafka.helpers import create_topics, unique
from tests.kafka.secure import ADMIN, ADMIN_PASSWORD, SecureKafka
from tests.kafka.tokens import CLIENT, CLIENT_SECRET, TokenEndpoint, unsigned_token

pytestmark = pytest.mark.timeout(120)

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Ways:
    """Settings for each way in."""

    def __init__(self, server: SecureKafka, endpoint: TokenEndpoint, folder: Path) -> None:
        self.server = server
        self.endpoint = endpoint
        self._folder = folder

    def settings(self, at: str, **kafka: Any) -> Settings:
        kafka = {"bootstrap_servers": at} | kafka
        flags = {f"kafka.{name}": str(value) for name, value in kafka.items() if value is not None}
        return load_settings(environ={}, flags=flags, directory=self._folder).settings

    def mutual(self, **changed: Any) -> Settings:
        files = self.server.certificates
        given: dict[str, Any] = {
            "security_protocol": "SSL",
            "ssl_ca_file": files.ca,
            "ssl_certificate_file": files.client_certificate,
            "ssl_key_file": files.client_key,
        } | changed
        at = given.pop("at", self.server.mtls)
        return self.settings(at, **given)

    def user(self, mechanism: str, **changed: Any) -> Settings:
        return self._sasl(
            sasl_mechanism=mechanism,
            **{"sasl_username": ADMIN, "sasl_password": ADMIN_PASSWORD} | changed,
        )

    def token(self, **changed: Any) -> Settings:
        return self._sasl(
            sasl_mechanism="OAUTHBEARER",
            **{
                "oauth_token_endpoint": self.endpoint.address,
                "oauth_client_id": CLIENT,
                "oauth_client_secret": CLIENT_SECRET,
            }
            | changed,
        )

    def token_file(self, content: str) -> Settings:
        file = self._folder / "token"
        file.write_text(content + "\n")
        return self._sasl(sasl_mechanism="OAUTHBEARER", oauth_token_file=file)

    def _sasl(self, **kafka: Any) -> Settings:
        tls = {"security_protocol": "SASL_SSL", "ssl_ca_file": self.server.certificates.ca}
        return self.settings(self.server.sasl, **(tls | kafka))


@pytest.fixture
def ways(secure_kafka: SecureKafka, tmp_path: Path) -> Iterator[Ways]:
    with TokenEndpoint(ADMIN) as endpoint:
        yield Ways(secure_kafka, endpoint, tmp_path)


@pytest.fixture
def topic(secure_kafka: SecureKafka) -> str:
    name = unique("guarded")
    create_topics(secure_kafka.bootstrap_servers, [name], partitions=1)
    return name


def ways_in(ways: Ways) -> dict[str, Settings]:
    files = ways.server.certificates
    password_file = files.ca.with_name("password")
    password_file.write_text(ADMIN_PASSWORD + "\n")
    return {
        "mutual TLS": ways.mutual(),
        "an encrypted key": ways.mutual(
            ssl_key_file=files.locked_key, ssl_key_password=KEY_PASSWORD
        ),
        "another host's name": ways.mutual(
            at=ways.server.mtls.replace("127.0.0.1", "localhost"), ssl_check_hostname=False
        ),
        **{name: ways.user(name) for name in MECHANISMS},
        "a password file": ways.user("PLAIN", sasl_password=None, sasl_password_file=password_file),
        "a token endpoint": ways.token(),
        "a token file": ways.token_file(unsigned_token(ADMIN, 300)),
    }


async def test_both_libraries_get_in_by_every_way(ways: Ways, topic: str) -> None:
    written = []
    for name, settings in ways_in(ways).items():
        producer = Clients(settings).producer(unique("transactions"))
        async with producer, producer.transaction():
            await producer.send_and_wait(topic, name.encode(), partition=0)
        written.append(name.encode())
        found = [message.value() for message in read_history(settings.kafka, [(topic, 0)])]
        assert found == written
    assert len(written) == len(MECHANISMS) + 6


def test_what_is_wrong_with_a_certificate_is_told(ways: Ways, secure_kafka: SecureKafka) -> None:
    files = secure_kafka.certificates
    at_localhost = secure_kafka.mtls.replace("127.0.0.1", "localhost")
    wrong = {
        "refuses our certificate": ways.mutual(ssl_certificate_file=None, ssl_key_file=None),
        f"kafka.ssl_certificate_file = {files.stranger_certificate}": ways.mutual(
            ssl_certificate_file=files.stranger_certificate, ssl_key_file=files.stranger_key
        ),
        f"nobody we trust vouches for.*kafka.ssl_ca_file = {files.wrong_ca}": ways.mutual(
            ssl_ca_file=files.wrong_ca
        ),
        "a certificate that does not name localhost": ways.mutual(at=at_localhost),
        "is not the key of": ways.mutual(ssl_key_file=files.stranger_key),
        "is encrypted, and kafka.ssl_key_password is missing": ways.mutual(
            ssl_key_file=files.locked_key
        ),
        "is encrypted, and kafka.ssl_key_password is wrong": ways.mutual(
            ssl_key_file=files.locked_key, ssl_key_password="guessed"
        ),
        "cannot read kafka.ssl_ca_file = /no/ca.pem: No such file": ways.mutual(
            ssl_ca_file="/no/ca.pem"
        ),
        "holds no certificate in PEM": ways.mutual(ssl_ca_file=files.client_key),
        "speaks TLS: set kafka.security_protocol": ways.settings(secure_kafka.mtls),
    }
    for said, settings in wrong.items():
        with pytest.raises(AccessRefused, match=said) as caught:
            cluster(settings.kafka)
        assert "\n" not in str(caught.value)


def test_a_certificate_that_has_expired_is_told(ways: Ways, secure_kafka: SecureKafka) -> None:
    files = secure_kafka.certificates
    secure_kafka.use_certificate(*files.expired())
    try:
        secure_kafka.restart()
        with pytest.raises(AccessRefused, match="shows a certificate that has expired"):
            cluster(ways.mutual().kafka)
    finally:
        secure_kafka.use_certificate(files.broker_certificate, files.broker_key)
        secure_kafka.restart()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_told(ways: Ways, mechanism: str) -> None:
    settings = ways.user(mechanism, sasl_password="not-the-password")
    with pytest.raises(AccessRefused, match=f"does not accept user 'admin' by {mechanism}") as said:
        cluster(settings.kafka)
    assert "not-the-password" not in str(said.value)


def test_what_may_pass_is_told_apart(ways: Ways, secure_kafka: SecureKafka) -> None:
    certificates = secure_kafka.certificates
    tls = {"security_protocol": "SSL", "ssl_ca_file": certificates.ca}
    with pytest.raises(AccessUnclear, match="does it ask for a user"):
        cluster(ways.settings(secure_kafka.sasl, **tls).kafka)
    with pytest.raises(AccessUnclear, match="answers, but not with TLS"):
        cluster(ways.settings(secure_kafka.bootstrap_servers, **tls).kafka)
    with pytest.raises(BrokerUnreachable, match="no Kafka broker answers"):
        cluster(ways.settings("127.0.0.1:1", **tls).kafka)


def test_a_token_that_is_not_to_be_had_is_told(ways: Ways) -> None:
    def said(settings: Settings, kind: type[AccessError]) -> str:
        with pytest.raises(kind) as caught:
            cluster(settings.kafka)
        assert CLIENT_SECRET not in str(caught.value)
        return str(caught.value)

    refused = said(ways.token(oauth_client_secret="guessed-secret"), AccessRefused)
    assert "refuses client 'shop-client' (401 invalid_client)" in refused
    assert "guessed-secret" not in refused
    ways.endpoint.status = 503
    assert "gave no token (503)" in said(ways.token(), TokenLater)
    ways.endpoint.status = 200
    ways.endpoint.life_s = -5
    assert "gave a token that has expired" in said(ways.token(), TokenLater)
    expired = ways.token_file(unsigned_token(ADMIN, -300))
    assert "expired 300 s ago: renew it" in said(expired, TokenLater)
    assert "does not accept the token" in said(ways.token_file("no-token"), AccessRefused)
    gone = ways.token(oauth_token_endpoint="http://127.0.0.1:1/token")
    assert "does not answer" in said(gone, TokenLater)


async def test_a_client_outlives_its_tokens(ways: Ways, topic: str) -> None:
    # The listener ends a session with its token: whoever stays has shown a new one.
    ways.endpoint.life_s = 3.0
    producer = Clients(ways.token()).producer()
    sent = 0
    async with producer:
        while ways.endpoint.asked < 3:
            await producer.send_and_wait(topic, str(sent).encode(), partition=0)
            sent += 1
    ways.endpoint.life_s = 600.0
    values = [one.value() for one in read_history(ways.token().kafka, [(topic, 0)])]
    assert set(values) == {str(number).encode() for number in range(sent)}
