"""The product's worker with a moderation model that knows three words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from inference.messages import Answer
from inference.testing import Asked, FakeInference
from streams.agents import create_tasks
from streams.app import Parts, Served, run_worker
from streams.config import Settings, load_settings

LABELS = ("insult", "spam")
SCORES = {"pig": [0.9, 0.0], "casino": [0.0, 0.99]}


class Words(FakeInference):
    """Scores a text by the words that stand in it."""

    def __init__(self) -> None:
        labels = ("negative", "positive")
        super().__init__(
            {"sentiment": labels, "intent": labels, "recommend": (), "moderation": LABELS}
        )
        self.deaths = 0
        self.is_up = True
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def answer(self, asked: Asked) -> Answer:
        """Return made-up rows, but for moderation."""
        answer = await super().answer(asked)
        if asked.slot == "moderation":
            for at, item in enumerate(asked.items):
                found = [scores for word, scores in SCORES.items() if word in item]
                answer.rows[at] = np.max([*found, [0.0, 0.0]], axis=0)
        return answer


@asynccontextmanager
async def words(_: Settings) -> AsyncIterator[Served]:
    """Yield the model."""
    yield Words()


def main() -> int:
    """Run until a signal."""
    loaded = load_settings(config=Path(sys.argv[1]) / "shopstreams.toml", environ={})
    return run_worker(loaded.settings, Parts(inference=words, tasks=create_tasks))


if __name__ == "__main__":
    sys.exit(main())
