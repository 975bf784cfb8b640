"""A worker process with a model of ten lines: it starts at once, and fails as it is told to.

A text's first word is what happens: `poison` raises, `nan` scores no number, `die` kills the
process, `hold DIR` waits in the forward pass and `lose DIR` loses the device, both once a folder.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import ModelError
from inference.messages import Floats, Item, ModelInfo
from inference.models.base import Model
from inference.settings import InferenceSettings
from inference.worker import main

WIDTH = 3


@dataclass(frozen=True)
class Toy:
    text: str

    @property
    def length(self) -> int:
        return len(self.text)


class ToyModel:
    def __init__(self, slot: str) -> None:
        self.info = ModelInfo(
            slot=slot,
            name="toy",
            hash="0" * 16,
            labels=("a", "b", "c"),
            width=WIDTH,
            device="cpu",
            dtype="float32",
        )
        self.lost = False

    def prepare(self, items: Sequence[Item]) -> list[Toy]:
        texts = [item if isinstance(item, str) else " ".join(item) for item in items]
        if any(text.startswith("unreadable") for text in texts):
            raise ValueError("a text that the tokenizer fails on")
        return [Toy(text) for text in texts]

    def forward(self, batch: Sequence[Toy]) -> Floats:
        for toy in batch:
            self._happen(*toy.text.split(" ", 1))
        if self.lost:
            raise RuntimeError("the device is lost")
        return np.stack([toy_row(toy.text) for toy in batch])

    def _happen(self, what: str, where: str = "") -> None:
        if what == "poison":
            raise ValueError(where)
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "hold" and is_first(Path(where)):
            (Path(where) / "entered").write_text("now")  # a pipe: waits until the test reads
            (Path(where) / "gate").read_text()  # a pipe: waits until the test writes
        if what == "lose" and is_first(Path(where)):
            self.lost = True


def is_first(folder: Path) -> bool:
    try:
        (folder / "seen").mkdir()
    except FileExistsError:
        return False
    return True


def toy_row(text: str) -> Floats:
    if text.startswith("nan"):
        return np.full(WIDTH, np.nan, dtype=np.float32)
    return np.array([len(text), sum(map(ord, text)) % 1000, 1], dtype=np.float32)


def load(settings: InferenceSettings) -> Mapping[str, Model]:
    for name in settings.models.values():
        if not Path(name).exists():
            raise ModelError(f"there is no model {Path(name).name}")
    return {slot: ToyModel(slot) for slot in settings.models}


if __name__ == "__main__":
    main(load)
