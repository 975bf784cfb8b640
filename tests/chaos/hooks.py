"""What happens to transactions by chance: they are held open, aborted, or their answer is lost."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

HELD = 0.2
HELD_S = 0.05
"""Without it few kills would hit an open transaction."""
ABORTED = 0.01
ANSWER_LOST = 0.01


def install(chance: random.Random) -> None:
    """Let commits fail by chance in this process."""
    commit = AIOKafkaProducer.commit_transaction

    async def unreliable(producer: Any) -> None:
        if chance.random() < HELD:
            note("held")
            await asyncio.sleep(HELD_S)
        if chance.random() < ABORTED:
            note("aborted")
            raise KafkaError("injected: not committed")
        await commit(producer)
        if chance.random() < ANSWER_LOST:
            note("answer_lost")
            raise KafkaError("injected: committed, but the answer was lost")

    AIOKafkaProducer.commit_transaction = unreliable


def note(what: str) -> None:
    """Leave a line in the log for the report to count."""
    print(f'{{"injected": "{what}"}}', file=sys.stderr, flush=True)


def counted(log: bytes) -> dict[str, int]:
    """Return how often each happened, by the notes in a log."""
    kinds = ("held", "aborted", "answer_lost")
    return {kind: log.count(f'{{"injected": "{kind}"}}'.encode()) for kind in kinds}
