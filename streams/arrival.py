"""A worker's way to its broker as it starts: asked, waited for, or refused, before models load."""

from __future__ import annotations

import asyncio
from functools import partial

from schemas.topics import Role
from streams.admin import BrokerUnreachable, source_partitions
from streams.clients import Clients
from streams.config import Settings
from streams.config_sections import DeliveryGuarantee
from streams.retries import patiently
from streams.security.errors import AccessUnclear, TokenLater
from streams.security.rights import require_rights
from streams.transactions import require_transactions

PASSING = (BrokerUnreachable, AccessUnclear, TokenLater)
"""What is waited for, `kafka.start_timeout_s` long: it may be over by itself."""


async def reach_broker(settings: Settings, clients: Clients) -> int:
    """Return how many partitions each source has; topics are made that are not there.

    Raises `AccessRefused` where the broker or the token endpoint says no, and `AdminError`.
    """
    return await patiently(
        partial(_reach, settings, clients), PASSING, settings.kafka.start_timeout_s
    )


async def _reach(settings: Settings, clients: Clients) -> int:
    await asyncio.to_thread(require_rights, settings)
    if settings.engine.delivery is DeliveryGuarantee.EXACTLY_ONCE:
        group = settings.kafka.group
        for source in settings.named_topics().of(Role.SOURCE):
            await require_transactions(clients.producer, f"{group}-{source.name}-check")
    return await source_partitions(settings)
