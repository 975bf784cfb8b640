"""What a model folder holds: half-precision safetensors, tokenizer, figures."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

METRICS_FILE = "metrics.json"
WEIGHTS_FILE = "model.safetensors"
READABLE = 0o644
"""Mode of weights; safetensors writes them for the owner alone."""


def save_classifier(
    model: Any,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
    temperature: float | Mapping[str, float],
) -> None:
    """Write weights in half precision, configuration with temperature, and tokenizer.

    `temperature` is one for all texts, or `Temperatures.as_config` of those of each language.
    """
    save_network(model, tokenizer, folder)
    # By hand: transformers takes it for a setting of text generation and refuses to write it.
    path = folder / "config.json"
    config = {**json.loads(path.read_text(encoding="utf-8")), "temperature": temperature}
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def save_network(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write weights, in half precision unless one is too large, configuration and tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    written = copy.deepcopy(model).to(torch.float16) if _fits_half(model) else model
    written.save_pretrained(folder)
    (folder / WEIGHTS_FILE).chmod(READABLE)
    tokenizer.save_pretrained(folder)
    if (folder / "tokenizer.json").is_file():
        compact(folder / "tokenizer.json")


def round_to_half(model: Any) -> None:
    """Make the weights what is kept of them when they are written."""
    if _fits_half(model):
        with torch.no_grad():
            for one in model.parameters():
                one.copy_(one.to(torch.float16))


def _fits_half(model: Any) -> bool:
    return all(bool(one.detach().to(torch.float16).isfinite().all()) for one in model.parameters())


def compact(path: Path) -> None:
    """Write a JSON file again without the blanks that make it long."""
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )


def save_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Write the figures that the card quotes."""
    content = json.dumps(metrics, indent=2, ensure_ascii=False)
    (folder / METRICS_FILE).write_text(content + "\n", encoding="utf-8")
