"""What computes a classifier fastest on this processor: ours in each precision, or another engine.

    python -m tests.benchmarks.backends --texts waimai_10k.csv --column review

ONNX Runtime and OpenVINO are measured where they are installed. The same texts go through each, at
their real lengths, sorted, at the best of several batch sizes; tokenising is left out. One thread
computes, and its processor time is what counts, so that others on the machine disturb little. Each
line also says how far the scores are from float32, and how many labels stay.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from inference.messages import Floats
from inference.models.batches import Ids, Packed, Padded, padded
from inference.models.int8 import to_int8
from inference.models.loading import BUNDLED_FOLDER
from inference.models.packing import pack

BUDGETS = (512, 1024, 2048)
TRIES = 3
SEED = 7
Rows = Callable[[Sequence[Ids]], Floats]
"""Logits of one batch."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One engine's rate at its best batch size."""

    model: str
    engine: str
    texts_per_s: float
    tokens_per_s: float
    batch_tokens: int
    shift: float  # largest difference of a probability from torch's float32
    same_labels: float  # share


def read_texts(path: Path, column: str, count: int) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row[column] for row in csv.DictReader(file)]
    order = np.random.default_rng(SEED).permutation(len(texts))[:count]
    return [texts[at] for at in order.tolist()]


def networks(name: str) -> Any:
    if name == "sentiment":
        folder = BUNDLED_FOLDER / name
        return AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=torch.float32
        ).eval()
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(SEED)
    return BertForSequenceClassification(BertConfig(vocab_size=21128)).eval()


def engines(name: str, wanted: Sequence[str]) -> Iterator[tuple[str, Callable[[], Rows]]]:
    """Yield each engine's name and what makes it."""
    every: dict[str, Callable[[], Rows]] = {
        **{
            f"torch {dtype} {kind.__name__.lower()}": partial(ours, name, dtype, kind)
            for dtype in ("fp32", "bf16", "int8")
            for kind in (Padded, Packed)
        },
        "onnxruntime fp32": partial(onnx_runtime, name, is_int8=False),
        "onnxruntime int8": partial(onnx_runtime, name, is_int8=True),
        "openvino fp32": partial(open_vino, name, "f32"),
        "openvino bf16": partial(open_vino, name, "bf16"),
    }
    for engine, make in every.items():
        package = engine.split()[0]
        if engine.startswith(tuple(wanted)) and importlib.util.find_spec(package) is not None:
            yield engine, make


def ours(name: str, dtype: str, kind: type[Padded] | type[Packed]) -> Rows:
    network = networks(name)
    if kind is Packed:
        pack(network)
    if dtype == "bf16":
        network.bfloat16()
    elif dtype == "int8":
        to_int8(network)
    way = kind(network, 0)
    return lambda texts: way(texts).numpy()


def onnx_runtime(name: str, *, is_int8: bool) -> Rows:
    import onnxruntime  # type: ignore[import-not-found,unused-ignore]

    path = exported(name)
    if is_int8:
        from onnxruntime.quantization import (  # type: ignore[import-not-found,unused-ignore]
            quantize_dynamic,
        )

        whole = path.with_name(f"{name}-int8.onnx")
        quantize_dynamic(str(path), str(whole), per_channel=True)
        path = whole
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def rows(texts: Sequence[Ids]) -> Floats:
        ids, mask = padded(texts, 0)
        found: Floats = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return found

    return rows


def open_vino(name: str, precision: str) -> Rows:
    import openvino  # type: ignore[import-not-found,unused-ignore]

    model = openvino.Core().compile_model(
        str(exported(name)),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
        },
    )

    def rows(texts: Sequence[Ids]) -> Floats:
        ids, mask = padded(texts, 0)
        found: Floats = model({"input_ids": ids, "attention_mask": mask})[0]
        return found

    return rows


def exported(name: str) -> Path:
    path = Path(tempfile.gettempdir()) / f"shopstreams-{name}.onnx"
    network = networks(name)
    network.config.return_dict = False
    ids, mask = (torch.from_numpy(part) for part in padded([[2, 5, 3], [2, 5, 6, 3]], 0))
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        network,
        (ids, mask),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "texts"}},
        opset_version=17,
        dynamo=False,
    )
    return path


def run(rows: Rows, texts: Sequence[Ids], budget: int) -> tuple[float, Floats]:
    """Return seconds and logits, over sorted batches of bounded padded tokens."""
    order = np.argsort([-len(text) for text in texts], kind="stable").tolist()
    parts = []
    began = time.process_time()
    while order:
        count = max(1, budget // len(texts[order[0]]))
        batch, order = order[:count], order[count:]
        parts.append((batch, rows([texts[at] for at in batch])))
    took = time.process_time() - began
    found = np.zeros((len(texts), parts[0][1].shape[1]), dtype=np.float32)
    for batch, part in parts:
        found[batch] = part
    return took, found


def probabilities(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def measure(name: str, texts: Sequence[Ids], wanted: Sequence[str]) -> Iterator[Figure]:
    """Yield a figure an engine."""
    exact = probabilities(run(ours(name, "fp32", Padded), texts, BUDGETS[0])[1])
    tokens = sum(len(text) for text in texts)
    for engine, make in engines(name, wanted):
        rows = make()
        run(rows, texts[: len(texts) // 4], BUDGETS[0])
        best = min(
            ((*run(rows, texts, budget), budget) for budget in BUDGETS for _ in range(TRIES)),
            key=lambda one: one[0],
        )
        scores = probabilities(best[1])
        yield Figure(
            model=name,
            engine=engine,
            texts_per_s=round(len(texts) / best[0], 1),
            tokens_per_s=round(tokens / best[0]),
            batch_tokens=best[2],
            shift=round(float(np.abs(scores - exact).max()), 5),
            same_labels=float((scores.argmax(1) == exact.argmax(1)).mean()),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="CSV with a text a row")
    parser.add_argument("--column", default="review")
    parser.add_argument("--model", choices=("sentiment", "bert-base"), default="sentiment")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--engine", nargs="*", default=[""], help="only those that begin so")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # the exporter's
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED_FOLDER / "sentiment")
    texts = read_texts(given.texts, given.column, given.count)
    ids = tokenizer(texts, truncation=True, max_length=128)["input_ids"]
    figures = []
    for figure in measure(given.model, ids, given.engine):
        print(figure, flush=True)
        figures.append(asdict(figure))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
