"""A model's folder read, and written as a new one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from inference.errors import ModelError
from inference.models.loading import find

_WEIGHTS = "model.safetensors"
_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_STALE = ("metrics.json", "README.md", "curves.png", "vocab.txt")
"""What is not true of another model, and a vocabulary that tokenizer.json has already."""

Tensors = dict[str, NDArray[Any]]


@dataclass(kw_only=True)
class Parts:
    """What of a folder is changed."""

    config: dict[str, Any]
    tokenizer: dict[str, Any]
    tensors: Tensors


def read_parts(slot: str, name: str) -> tuple[Path, Parts]:
    """Return the folder and what is in it; raises `ModelError`."""
    folder = find(slot, name).folder
    if not (folder / _WEIGHTS).is_file():
        raise ModelError(f"the weights of {name!r} are in several files: save them in one")
    if not (folder / _TOKENIZER).is_file():
        raise ModelError(f"{name!r} has no tokenizer.json")
    try:
        tensors = load_file(folder / _WEIGHTS)
    except (TypeError, KeyError) as error:
        raise ModelError(
            f"the weights of {name!r} are of a type that numpy lacks: {error}"
        ) from error
    parts = Parts(
        config=_object(folder / _CONFIG),
        tokenizer=_object(folder / _TOKENIZER),
        tensors=tensors,
    )
    return folder, parts


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a place for a new folder, which becomes `out` unless there is an error before.

    Raises `ModelError` if `out` is there.
    """
    _require_new(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch) / out.name
        yield folder
        folder.rename(out)


def write_parts(folder: Path, parts: Parts, out: Path) -> None:
    """Write a folder like `folder` with these parts; raises `ModelError` if `out` is there."""
    _require_new(out)
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns(_WEIGHTS, *_STALE))
    contiguous = {name: np.ascontiguousarray(one) for name, one in parts.tensors.items()}
    save_file(contiguous, out / _WEIGHTS, metadata={"format": "pt"})
    (out / _WEIGHTS).chmod(0o644)
    _write(out / _CONFIG, parts.config, indent=2)
    _write(out / _TOKENIZER, parts.tokenizer, indent=None)


def _require_new(out: Path) -> None:
    if out.exists():
        raise ModelError(f"{out} is there already: name a folder that is not")


def _object(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: dict[str, Any], indent: int | None) -> None:
    apart = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(content, ensure_ascii=False, indent=indent, separators=apart)
    path.write_text(text + "\n", encoding="utf-8")
