"""A worker process with a model of ten lines: it starts at once, and fails as it is told to.

A text's first word is what happens: `unknown` has no known token, `poison` raises, `nan` scores no
number, `die` kills the process, `stick` never ends; `hold DIR` waits in the forward pass,
`hang DIR` never ends and `lose DIR` loses the device, each once a folder; `greedy` needs the memory
of MEMORY characters in a batch, and `huge` more than there is. A model's folder may hold `mark`,
the last number of its rows, `slow`, the seconds of its first forward pass, and `gate`, a pipe that
the load waits for.
"""

from __future__ import annotations

import os
import signal
import threading
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
MEMORY = 64


@dataclass(frozen=True)
class Toy:
    text: str

    @property
    def length(self) -> int:
        return len(self.text)

    @property
    def is_readable(self) -> bool:
        return not self.text.startswith("unknown")


class ToyModel:
    def __init__(self, slot: str, *, name: str = "toy", mark: int = 1) -> None:
        self.info = ModelInfo(
            slot=slot,
            name=name,
            hash=f"{mark:016}",
            labels=("a", "b", "c"),
            width=WIDTH,
            device="cpu",
            dtype="float32",
        )
        self.lost = False
        self.mark = mark
        self.slow_s = 0.0

    def prepare(self, items: Sequence[Item]) -> list[Toy]:
        texts = [item if isinstance(item, str) else " ".join(item) for item in items]
        if any(text.startswith("unreadable") for text in texts):
            raise ValueError("a text that the tokenizer fails on")
        return [Toy(text) for text in texts]

    def forward(self, batch: Sequence[Toy]) -> Floats:
        slow_s, self.slow_s = self.slow_s, 0.0
        threading.Event().wait(slow_s)
        for toy in batch:
            self._happen(*toy.text.split(" ", 1))
        if self.lost:
            raise RuntimeError("the device is lost")
        is_greedy = any(toy.text.startswith("greedy") for toy in batch)
        if is_greedy and len(batch) * max(toy.length for toy in batch) > MEMORY:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return np.stack([toy_row(toy.text, self.mark) for toy in batch])

    def _happen(self, what: str, where: str = "") -> None:
        if what == "poison":
            raise ValueError(where)
        if what == "huge":
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 TiB")
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "stick":
            threading.Event().wait()
        if what == "hang" and is_first(Path(where)):
            threading.Event().wait()
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


def toy_row(text: str, mark: int = 1) -> Floats:
    if text.startswith("nan"):
        return np.full(WIDTH, np.nan, dtype=np.float32)
    return np.array([len(text), sum(map(ord, text)) % 1000, mark], dtype=np.float32)


def load(settings: InferenceSettings) -> Mapping[str, Model]:
    for name in settings.models.values():
        if not Path(name).exists():
            raise ModelError(f"there is no model {Path(name).name}")
    return {slot: _load(slot, Path(name)) for slot, name in settings.models.items()}


def _load(slot: str, folder: Path) -> ToyModel:
    if (gate := folder / "gate").exists():
        gate.read_text()
    mark, slow = folder / "mark", folder / "slow"
    model = ToyModel(slot, name=folder.name, mark=int(mark.read_text()) if mark.exists() else 1)
    model.slow_s = float(slow.read_text()) if slow.exists() else 0.0
    return model


if __name__ == "__main__":
    main(load)
