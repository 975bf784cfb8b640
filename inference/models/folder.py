"""What a model's folder must be before anything in it is read by a library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from inference.errors import ModelError

CONFIG = "config.json"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.vocab", "*.bpe.codes")
_WANTS_CODE = "auto_map"
"""Where a folder names classes of its own, which transformers would import from it."""


def read_config(folder: Path, name: str) -> Mapping[str, object]:
    """Return a folder's config.json once the folder has what it must and nothing that it must not.

    Raises `ModelError` with what is wrong and what to do.
    """
    if not (folder / CONFIG).is_file():
        raise ModelError(f"the model folder {name!r} has no config.json")
    _check_weights(folder, name)
    if not _has(folder, _TOKENIZERS):
        # transformers would make up an empty one, and every text would be the same to it.
        raise ModelError(f"the model folder {name!r} has no tokenizer (tokenizer.json)")
    config = _object(folder / CONFIG, name)
    _check_code(config, CONFIG, name)
    for file in ("tokenizer_config.json", "tokenizer.json"):
        if (folder / file).is_file():
            _check_code(_object(folder / file, name), file, name)
    return config


def _check_weights(folder: Path, name: str) -> None:
    if _has(folder, ("*.safetensors",)):
        return
    if _has(folder, _PICKLED):
        raise ModelError(
            f"the model folder {name!r} has pickled weights only, which could run code: "
            "save it again with safe_serialization=True"
        )
    raise ModelError(f"the model folder {name!r} has no weights (model.safetensors)")


def _check_code(content: Mapping[str, object], file: str, name: str) -> None:
    if content.get(_WANTS_CODE):
        raise ModelError(
            f"the model folder {name!r} wants to run code of its own ({_WANTS_CODE} in {file}), "
            "which is never done: take an architecture that transformers has"
        )


def _object(file: Path, name: str) -> dict[str, object]:
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ModelError(
            f"{file.name} in the model folder {name!r} is damaged, it is not JSON: "
            f"copy the folder again ({error})"
        ) from error
    if not isinstance(content, dict):
        raise ModelError(f"{file.name} in the model folder {name!r} is no JSON object")
    return content


def _has(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(any(folder.glob(pattern)) for pattern in patterns)
