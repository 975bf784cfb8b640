"""From a configured name to a loaded model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson

from inference.errors import ModelError
from inference.models.base import Model

BUNDLED = "bundled"
BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
HASH_DIGITS = 16
_DECISIVE = (".safetensors", ".json", ".txt", ".model")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
RECOMMENDER = "shopstreams-recommender"


def load(slot: str, name: str, device: str) -> Model:
    """Return the model of `name`: `bundled`, a folder, or a name on the Hugging Face hub.

    Raises `ModelError` with what is wrong and what to do. Code in a model's folder is never run
    and pickled weights are never read.
    """
    folder = BUNDLED_FOLDER / slot if name == BUNDLED else Path(name)
    if not folder.is_dir():
        return _from_hub(slot, name, device)
    _check(folder, name)
    shown = f"shopstreams/{slot}" if name == BUNDLED else folder.name
    digest = content_hash(folder)
    if _config(folder).get("architecture") == RECOMMENDER:
        from inference.models.adapter import load_recommender

        return load_recommender(slot, folder, shown, digest, device)
    from inference.models.classifier import load_classifier

    return load_classifier(slot, str(folder), shown, digest, device)


def content_hash(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of the files that determine the scores."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _DECISIVE and path.name != "metrics.json":
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:HASH_DIGITS]


def _from_hub(slot: str, name: str, device: str) -> Model:
    if name == BUNDLED or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"there is no model folder {name!r} for {slot}")
    from inference.models.classifier import load_classifier

    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_DIGITS]
    return load_classifier(slot, name, name, digest, device)


def _check(folder: Path, name: str) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(f"the model folder {name!r} has no config.json")
    if any(folder.glob("*.safetensors")):
        return
    if any(any(folder.glob(pattern)) for pattern in _PICKLED):
        raise ModelError(
            f"the model folder {name!r} has pickled weights only, which could run code: "
            "save it again with safe_serialization=True"
        )
    raise ModelError(f"the model folder {name!r} has no weights (model.safetensors)")


def _config(folder: Path) -> dict[str, object]:
    try:
        config = orjson.loads((folder / "config.json").read_bytes())
    except orjson.JSONDecodeError as error:
        raise ModelError(f"config.json in {folder.name!r} is not JSON: {error.msg}") from error
    return config if isinstance(config, dict) else {}
