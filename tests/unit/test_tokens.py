"""Tokens are asked for once, renewed before they end, and never shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from streams.security.errors import AccessRefused, TokenLater
from streams.security.settings import SecuritySettings
from streams.security.tokens import EndpointTokens, FileTokens, ask_now
from tests.kafka.tokens import CLIENT, CLIENT_SECRET, TokenEndpoint, unsigned_token


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    with TokenEndpoint("shop") as one:
        yield one


def security(**changed: Any) -> SecuritySettings:
    given = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"} | changed
    return SecuritySettings.model_validate(given)


def by_endpoint(endpoint: TokenEndpoint, clock: Clock, **changed: Any) -> EndpointTokens:
    client = {"oauth_client_id": CLIENT, "oauth_client_secret": CLIENT_SECRET} | changed
    return EndpointTokens(security(oauth_token_endpoint=endpoint.address, **client), clock)


async def test_a_token_is_kept_and_renewed_before_it_ends(endpoint: TokenEndpoint) -> None:
    clock = Clock()
    tokens = by_endpoint(endpoint, clock)
    first = await tokens.token()
    clock.now += 0.79 * endpoint.life_s
    assert await tokens.token() is first
    assert endpoint.asked == 1
    clock.now += 0.02 * endpoint.life_s
    assert await tokens.token() is not first
    assert endpoint.asked == 2
    assert clock.now < first.expires_at


async def test_an_endpoint_that_is_away_is_outlived_with_the_earlier_token(
    endpoint: TokenEndpoint,
) -> None:
    clock = Clock()
    tokens = by_endpoint(endpoint, clock)
    first = await tokens.token()
    endpoint.status = 503
    clock.now += 0.9 * endpoint.life_s
    assert await tokens.token() is first
    clock.now += 0.2 * endpoint.life_s
    with pytest.raises(TokenLater, match=r"gave no token \(503\)"):
        await tokens.token()
    endpoint.status = 200
    assert await tokens.token() is not first


async def test_a_refusal_ends_nothing_while_the_earlier_token_is_good(
    endpoint: TokenEndpoint,
) -> None:
    clock = Clock()
    tokens = by_endpoint(endpoint, clock)
    first = await tokens.token()
    endpoint.status = 403
    clock.now += 0.9 * endpoint.life_s
    with capture_logs() as said:
        assert await tokens.token() is first
    (line,) = said
    assert (line["action"], line["for_s"]) == ("token_kept", round(0.1 * endpoint.life_s))
    assert "refuses client" in line["error"]
    clock.now += 0.2 * endpoint.life_s
    with pytest.raises(AccessRefused, match="403"):
        await tokens.token()
    endpoint.status = 200
    assert await tokens.token() is not first


async def test_a_refusal_repeats_no_secret(endpoint: TokenEndpoint) -> None:
    tokens = by_endpoint(endpoint, Clock(), oauth_client_secret="Falscher-Hase-7")
    with pytest.raises(AccessRefused, match="401 invalid_client") as caught:
        await tokens.token()
    assert "Falscher" not in str(caught.value)


async def test_a_token_shows_itself_to_nobody(endpoint: TokenEndpoint) -> None:
    token = await by_endpoint(endpoint, Clock()).token()
    assert token.text not in repr(token)
    assert token.text not in f"{token}"


async def test_many_threads_may_ask(endpoint: TokenEndpoint) -> None:
    tokens = by_endpoint(endpoint, Clock())
    got = await asyncio.gather(*(asyncio.to_thread(ask_now, tokens) for _ in range(8)))
    assert len(got) == 8
    assert ask_now(tokens) in got  # here, where a loop runs


async def test_a_files_token_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    tokens = FileTokens(security(oauth_token_file=file))
    with pytest.raises(AccessRefused, match=r"cannot read kafka\.oauth_token_file"):
        await tokens.token()
    file.write_text(unsigned_token("shop", -60))
    with pytest.raises(TokenLater, match="expired 60 s ago: renew it"):
        await tokens.token()
    fresh = unsigned_token("shop", 60)
    file.write_text(fresh + "\n")
    assert (await tokens.token()).text == fresh
    file.write_text("opaque")
    assert (await tokens.token()).text == "opaque"
    file.write_text("\n")
    with pytest.raises(AccessRefused, match="is empty"):
        await tokens.token()
