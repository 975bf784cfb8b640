"""A toy model that waits in the middle of a batch until the test lets it go on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

LIMIT_S = 20


class Hold:
    """Makes a worker wait in the forward pass, and tells when it does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.text = f"hold {folder}"
        self.folder = folder
        for name in ("entered", "gate"):
            os.mkfifo(folder / name)

    async def entered(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread((self.folder / "entered").read_text)

    async def release(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread((self.folder / "gate").write_text, "go")
