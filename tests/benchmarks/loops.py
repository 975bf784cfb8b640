"""What the worker is measured against: loops over all texts, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from inference.models.precision import CONFIGURED
from inference.process import MALLOC
from inference.settings import InferenceSettings
from tests.benchmarks.shapes import SLOT

MATRIX: Final = {"cpu": 1024, "cuda": 8192}
"""Side of the square matrices whose product is timed as the device's peak."""
STOP_LIMIT_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Where a loop runs, and with what."""

    folder: Path
    device: str
    dtype: str  # as the worker says it: float32, bfloat16, int8
    threads: int
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a piece of work took."""

    seconds: float
    processor_s: float  # of all threads; other work on the machine does not count


Work = Callable[..., None]
Make = Callable[[Setup], Work]


class Loop:
    """One loop's process, from start to end; it is asked for one run after the other."""

    def __init__(self, make: Make, setup: Setup) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, make, setup), daemon=True)
        # As the worker has them; an environment is read when a process starts.
        before = {name: os.environ.get(name) for name in MALLOC}
        os.environ.update(MALLOC)
        try:
            self._process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._process.join(STOP_LIMIT_S)
        self._process.kill()

    def spend(self, *arguments: object) -> Spent:
        """Return what the work takes on these arguments; raises `EOFError` if it fails."""
        self._pipe.send(arguments)
        spent: Spent = self._pipe.recv()
        return spent

    def seconds(self, *arguments: object) -> float:
        """Return how long the work takes on these arguments; raises as `spend` does."""
        return self.spend(*arguments).seconds

    def best(self, texts: Sequence[str], sizes: Sequence[int]) -> int:
        """Return the size of a batch that is the fastest."""
        return min(sizes, key=lambda size: self.seconds(texts, size))


def transformers_loop(setup: Setup) -> Work:
    """Label all texts, sorted by length, so many a batch."""
    import torch

    model, tokenizer = _classifier(setup)

    def work(texts: Sequence[str], size: int) -> None:
        ids = tokenizer(list(texts), truncation=True, max_length=setup.max_tokens)["input_ids"]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        rows: list[Any] = [None] * len(ids)
        with torch.inference_mode():
            for start in range(0, len(order), size):
                at = order[start : start + size]
                batch = tokenizer.pad({"input_ids": [ids[one] for one in at]}, return_tensors="pt")
                scores = model(**batch.to(setup.device)).logits.float().softmax(-1).cpu()
                for one, row in zip(at, scores.numpy(), strict=True):
                    rows[one] = row

    return work


def own_loop(setup: Setup) -> Work:
    """Label all texts by our own model's code, sorted by length, so many padded tokens a batch."""
    from inference.models.loading import load_all

    settings = InferenceSettings(
        models={SLOT: str(setup.folder)},
        device=setup.device,
        threads=setup.threads,
        dtype=next(name for name, one in CONFIGURED.items() if one == setup.dtype),
    )
    model = load_all(settings)[SLOT]

    def work(texts: Sequence[str], tokens: int) -> None:
        encoded = model.prepare(texts)
        order = sorted(range(len(encoded)), key=lambda at: int(encoded[at].length))
        rows: list[Any] = [None] * len(encoded)
        batch: list[int] = []
        for at in order:
            if batch and int(encoded[at].length) * (len(batch) + 1) > tokens:
                _fill(rows, batch, model.forward([encoded[one] for one in batch]))
                batch = []
            batch.append(at)
        _fill(rows, batch, model.forward([encoded[one] for one in batch]))

    return work


def pipeline_loop(setup: Setup) -> Work:
    """Label all texts by a `transformers.pipeline`, so many a batch."""
    from transformers import pipeline

    model, tokenizer = _classifier(setup)
    classify = pipeline(
        "text-classification", model=model, tokenizer=tokenizer, device=setup.device, top_k=None
    )

    def work(texts: Sequence[str], size: int) -> None:
        classify(list(texts), batch_size=size, truncation=True, max_length=setup.max_tokens)

    return work


def matrix_product(setup: Setup) -> Work:
    """Multiply two square matrices some times: the most that the device does in this dtype."""
    import torch

    torch.set_num_threads(setup.threads)
    side = MATRIX[setup.device.partition(":")[0]]
    dtype = torch.bfloat16 if setup.dtype == "bfloat16" else torch.float32
    left, right = (torch.rand(side, side, device=setup.device).to(dtype) for _ in range(2))

    def work(times: int) -> None:
        for _ in range(times):
            torch.mm(left, right)
        if setup.device != "cpu":
            torch.cuda.synchronize()

    work(3)
    return work


def _classifier(setup: Setup) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(setup.threads)
    dtype = torch.bfloat16 if setup.dtype == "bfloat16" else torch.float32
    model = AutoModelForSequenceClassification.from_pretrained(
        setup.folder, dtype=dtype, use_safetensors=True
    ).eval()
    if setup.dtype == "int8":
        quantize: Any = torch.ao.quantization.quantize_dynamic
        model = quantize(model, {torch.nn.Linear})
    return model.to(setup.device), AutoTokenizer.from_pretrained(setup.folder)


def _fill(rows: list[Any], at: Sequence[int], scores: Any) -> None:
    for one, row in zip(at, scores, strict=True):
        rows[one] = row


def _serve(pipe: Connection, make: Make, setup: Setup) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if setup.threads > 1 else "false"
    work = make(setup)
    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        began, used = time.perf_counter(), time.process_time()
        work(*arguments)
        spent = Spent(seconds=time.perf_counter() - began, processor_s=time.process_time() - used)
        pipe.send(spent)
