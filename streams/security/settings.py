"""What an operator says of the way to the broker."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)


class Protocol(StrEnum):
    """How connections are secured, in Kafka's words."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def has_tls(self) -> bool:
        """Whether what is said is encrypted and the broker shows a certificate."""
        return self in {Protocol.SSL, Protocol.SASL_SSL}

    @property
    def has_sasl(self) -> bool:
        """Whether the client says who it is."""
        return self in {Protocol.SASL_PLAINTEXT, Protocol.SASL_SSL}


class Mechanism(StrEnum):
    """How a client proves who it is, in Kafka's words."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _endpoint(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must be an address that begins with https://")
    return value


Secret = Annotated[SecretStr, Field(min_length=1)]
_Name = Annotated[str, Field(min_length=1)]


class SecuritySettings(BaseModel):
    """The part of the settings of Kafka that is about security; unset, nothing is secured.

    A secret stands in the environment (`SHOPSTREAMS_KAFKA__SASL_PASSWORD`) or in a file of its
    own, of which the settings hold the path; it is read each time when a client is made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    security_protocol: Annotated[Protocol, BeforeValidator(_upper)] = Field(
        default=Protocol.PLAINTEXT, description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    ssl_ca_file: Path | None = Field(
        default=None, description="Who may vouch for the broker, PEM; unset, the system's list."
    )
    ssl_certificate_file: Path | None = Field(
        default=None, description="Our certificate and its chain, PEM, if the broker wants one."
    )
    ssl_key_file: Path | None = Field(default=None, description="Its key, PEM.")
    ssl_key_password: Secret | None = Field(default=None, description="Of an encrypted key.")
    ssl_key_password_file: Path | None = Field(default=None, description="The same, in a file.")
    ssl_check_hostname: bool = Field(
        default=True, description="Whether the broker's certificate must name its host."
    )
    sasl_mechanism: Annotated[Mechanism, BeforeValidator(_upper)] | None = Field(
        default=None, description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER."
    )
    sasl_username: _Name | None = Field(default=None, description="For PLAIN and SCRAM.")
    sasl_password: Secret | None = Field(default=None, description="For PLAIN and SCRAM.")
    sasl_password_file: Path | None = Field(default=None, description="The same, in a file.")
    oauth_token_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        default=None, description="Where tokens are asked for, by client credentials."
    )
    oauth_client_id: _Name | None = Field(default=None, description="Who asks for tokens.")
    oauth_client_secret: Secret | None = Field(default=None, description="Proof of it.")
    oauth_client_secret_file: Path | None = Field(default=None, description="The same, in a file.")
    oauth_scope: _Name | None = Field(default=None, description="What tokens are asked for.")
    oauth_ca_file: Path | None = Field(
        default=None, description="Who may vouch for the endpoint; unset, the system's list."
    )
    oauth_token_file: Path | None = Field(
        default=None, description="A token that something else renews, instead of an endpoint."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self._check_given_twice()
        self._check_tls()
        self._check_sasl()
        return self

    def _check_given_twice(self) -> None:
        for name in ("ssl_key_password", "sasl_password", "oauth_client_secret"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise ValueError(f"{name} and {name}_file are both set: one is enough")

    def _check_tls(self) -> None:
        # Whoever names a certificate believes that the connection is encrypted.
        self._need_none("ssl_", not self.security_protocol.has_tls, "SSL or SASL_SSL")
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("ssl_certificate_file and ssl_key_file need each other")

    def _check_sasl(self) -> None:
        no_sasl = not self.security_protocol.has_sasl
        self._need_none("sasl_", no_sasl, "SASL_SSL or SASL_PLAINTEXT")
        self._need_none("oauth_", no_sasl, "SASL_SSL or SASL_PLAINTEXT")
        if no_sasl:
            return
        if self.sasl_mechanism is None:
            raise ValueError(f"security_protocol {self.security_protocol} needs a sasl_mechanism")
        if self.sasl_mechanism is Mechanism.OAUTHBEARER:
            self._check_oauth()
        elif not self.sasl_username or not (self.sasl_password or self.sasl_password_file):
            raise ValueError(
                f"{self.sasl_mechanism} needs sasl_username, and sasl_password or "
                "sasl_password_file"
            )

    def _check_oauth(self) -> None:
        secret = self.oauth_client_secret or self.oauth_client_secret_file
        by_endpoint = self.oauth_token_endpoint and self.oauth_client_id and secret
        if not (by_endpoint or self.oauth_token_file):
            raise ValueError(
                "OAUTHBEARER needs oauth_token_endpoint, oauth_client_id and oauth_client_secret "
                "(or oauth_client_secret_file), or oauth_token_file"
            )
        if self.oauth_token_endpoint and self.oauth_token_file:
            raise ValueError("oauth_token_endpoint and oauth_token_file are both set")

    def _need_none(self, prefix: str, unused: bool, wanted: str) -> None:
        given = sorted(name for name in self.model_fields_set if name.startswith(prefix))
        if unused and given:
            raise ValueError(
                f"{given[0]} has no effect with security_protocol {self.security_protocol}: "
                f"set it to {wanted}"
            )
