"""What may be wrong with a model's folder, and what is said then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from safetensors.numpy import load_file, save_file

from tests.toys.tiny_bert import edit_config

Spoil = Callable[[Path], None]


def drop(*patterns: str) -> Spoil:
    def edit(folder: Path) -> None:
        for pattern in patterns:
            for path in folder.glob(pattern):
                path.unlink()

    return edit


def configured(**changes: Any) -> Spoil:
    return lambda folder: edit_config(folder, changes)


def written(file: str, content: bytes) -> Spoil:
    def edit(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return edit


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut_off(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-500])


def headless(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: one for name, one in weights.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def no_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["classifier.weight"][:] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def one_label(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name][:1].copy()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    edit_config(folder, {"id2label": {"0": "only"}, "label2id": {"only": 0}})


def tokenizer_wants_code(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    told = orjson.loads(path.read_bytes())
    told["auto_map"] = {"AutoTokenizer": ["tokenization_x.Theirs", None]}
    path.write_bytes(orjson.dumps(told))


CODE = {"AutoModelForSequenceClassification": "modeling_x.Theirs"}

BAD_FOLDERS: dict[str, tuple[Spoil, str]] = {
    "no-config": (drop("config.json"), "has no config.json"),
    "no-weights": (drop("*.safetensors"), "has no weights"),
    "pickled": (pickled, "pickled weights only"),
    "no-tokenizer": (drop("tokenizer*"), "has no tokenizer"),
    "config-no-json": (written("config.json", b"{"), "config.json in .* is damaged"),
    "config-a-list": (written("config.json", b"[]"), "config.json in .* is no JSON object"),
    "tokenizer-no-json": (written("tokenizer.json", b"{"), "tokenizer.json in .* is damaged"),
    "tokenizer-empty": (written("tokenizer.json", b"{}"), "one of its files has no"),
    "unheard-of": (configured(model_type="nonsense"), "cannot be loaded.*nonsense"),
    "no-classifier": (
        configured(model_type="whisper", architectures=["WhisperForConditionalGeneration"]),
        "is a whisper: transformers has no classifier of that kind",
    ),
    "wants-code": (configured(auto_map=CODE), "wants to run code of its own"),
    "wants-code-and-is-unheard-of": (
        configured(auto_map=CODE, model_type="theirs"),
        "wants to run code of its own",
    ),
    "tokenizer-wants-code": (tokenizer_wants_code, "wants to run code of its own"),
    "headless": (headless, "no trained classifier"),
    "garbled": (written("model.safetensors", b"\x08" * 100), "weights of .* are damaged"),
    "cut-off": (cut_off, "weights of .* are damaged"),
    "empty-weights": (written("model.safetensors", b""), "weights of .* are damaged"),
    "no-numbers": (no_numbers, "its scores are not numbers"),
    "one-label": (one_label, "has 1 label"),
    "fewer-labels": (
        configured(id2label={"0": "a", "1": "b"}),
        "no trained classifier of the labels",
    ),
    "more-labels": (
        configured(id2label={"0": "a", "1": "b", "2": "c", "3": "d"}),
        "no trained classifier of the labels",
    ),
    "labels-with-a-gap": (
        configured(id2label={"0": "a", "5": "b", "6": "c"}),
        "does not count from 0",
    ),
    "other-vocabulary": (configured(vocab_size=5), "lack or misfit"),
    "temperature-zero": (configured(temperature=0), "temperature"),
    "temperature-a-word": (configured(temperature="hot"), "temperature"),
    "temperature-true": (configured(temperature=True), "temperature"),
    "temperature-of-a-language-zero": (configured(temperature={"zh": 0}), "no number above 0"),
    "temperature-of-a-language-unknown": (
        configured(temperature={"default": 1, "tlh": 2}),
        "names 'tlh', which is not told apart: it takes en, zh and default",
    ),
    "inference-dtype-unknown": (
        configured(inference_dtype="int4"),
        "inference_dtype in config.json of .* is none of auto, fp32, bf16, int8",
    ),
}
