"""A broker that lets nobody in without proof, and nobody do what no rule allows."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kafka.certificates import Certificates
from tests.kafka.jars import tools_are_there
from tests.kafka.server import KafkaServer, free_ports

USERS = {"shop": "Wetter-Hahn-17", "operator": "Ofen-Rohr-44", "stranger": "Nacht-Zug-08"}
ADMIN = "admin"
ADMIN_PASSWORD = "Schluessel-Bund-91"

_SASL = "org.apache.kafka.common.security"
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=INSIDE://127.0.0.1:{inside},MTLS://127.0.0.1:{mtls},SASL://127.0.0.1:{sasl},\\
CONTROLLER://127.0.0.1:{controller}
advertised.listeners=INSIDE://127.0.0.1:{inside},MTLS://127.0.0.1:{mtls},\\
SASL://127.0.0.1:{sasl}
listener.security.protocol.map=INSIDE:PLAINTEXT,MTLS:SSL,SASL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
controller.listener.names=CONTROLLER
log.dirs={data}
num.partitions=4
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{admin};User:till
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.mtls.ssl.client.auth=required
listener.name.mtls.ssl.principal.mapping.rules=RULE:^.*CN=([^,]+).*$/$1/,DEFAULT
listener.name.sasl.ssl.client.auth=none
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={sasl_package}.plain.PlainLoginModule required {users};
listener.name.sasl.scram-sha-256.sasl.jaas.config={sasl_package}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config={sasl_package}.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=\\
{sasl_package}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="{admin}";
listener.name.sasl.oauthbearer.connections.max.reauth.ms=3600000
"""


@dataclass(frozen=True, kw_only=True)
class _Ports:
    inside: int
    mtls: int
    sasl: int
    controller: int


class SecureKafka(KafkaServer):
    """Listeners: `inside` for the test itself, `mtls` and `sasl` for what is tested.

    Over `mtls`, who shows the certificate of `till` may do all; over `sasl`, everybody but `admin`
    needs rules. PLAIN and SCRAM know the same users.
    """

    def __init__(self, certificates: Certificates) -> None:
        inside, mtls, sasl, controller = free_ports(4)
        super().__init__()
        self.certificates = certificates
        self._ports = _Ports(inside=inside, mtls=mtls, sasl=sasl, controller=controller)

    @property
    def bootstrap_servers(self) -> str:
        """Where the test finds it, without proof."""
        return f"127.0.0.1:{self._ports.inside}"

    @property
    def mtls(self) -> str:
        """Where clients show a certificate."""
        return f"127.0.0.1:{self._ports.mtls}"

    @property
    def sasl(self) -> str:
        """Where clients say who they are."""
        return f"127.0.0.1:{self._ports.sasl}"

    def use_certificate(self, certificate: Path, key: Path) -> None:
        """Let the broker show this certificate from its next start on."""
        self._keystore().write_bytes(key.read_bytes() + certificate.read_bytes())

    def properties(self) -> str:
        """Return the broker's configuration."""
        self.use_certificate(self.certificates.broker_certificate, self.certificates.broker_key)
        users = {**USERS, ADMIN: ADMIN_PASSWORD}
        return _PROPERTIES.format(
            inside=self._ports.inside,
            mtls=self._ports.mtls,
            sasl=self._ports.sasl,
            controller=self._ports.controller,
            data=self._folder / "data",
            admin=ADMIN,
            keystore=self._keystore(),
            truststore=self.certificates.ca,
            sasl_package=_SASL,
            users=" ".join(f'user_{name}="{password}"' for name, password in users.items()),
        )

    def format_arguments(self) -> list[str]:
        """Return what the data folder is formatted with beside the usual: SCRAM's users."""
        users = {**USERS, ADMIN: ADMIN_PASSWORD}
        return [
            f"--add-scram={mechanism}=[name={name},password={password}]"
            for name, password in users.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        ]

    def _keystore(self) -> Path:
        return self._folder / "keystore.pem"


@contextlib.contextmanager
def secure_broker() -> Iterator[SecureKafka | None]:
    """Yield a broker with a security of its own, None where Java or Maven are missing."""
    if not tools_are_there():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="certificates-") as folder:
        server = SecureKafka(Certificates(Path(folder)))
        try:
            server.start()
            yield server
        finally:
            server.remove()
