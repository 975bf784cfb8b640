"""A worker whose model never answers a text that begins with `held`: `python -m ... FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from inference.client import Inference
from inference.messages import Answer, Item, Lane
from streams.app import Parts, Served, run_worker
from streams.config import Settings, load_settings
from streams.faust_app import ShopApp
from tests.benchmarks.peers.ours import Identity, LabelHandler, OneTask

HELD = "held"


class Holding(Identity):
    """Answers at once, or never."""

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Answer unless one of the items is held."""
        if any(isinstance(item, str) and item.startswith(HELD) for item in items):
            await asyncio.Event().wait()
        return await super().ask(slot, items, lane=lane, within_s=within_s)


@asynccontextmanager
async def holding(_: Settings) -> AsyncIterator[Served]:
    """Yield the model."""
    yield Holding(rate=0)


def tasks(_: Settings, app: ShopApp, __: Inference, partitions: int) -> OneTask:
    """Return the one task."""
    return OneTask(LabelHandler(None))


if __name__ == "__main__":
    loaded = load_settings(config=Path(sys.argv[1]) / "shopstreams.toml", environ={})
    sys.exit(run_worker(loaded.settings, Parts(inference=holding, tasks=tasks)))
