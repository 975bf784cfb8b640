"""From a configured name to a loaded model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError

from inference.device import choose_device, choose_threads
from inference.errors import InferenceError, ModelError
from inference.messages import Item
from inference.models.base import Model, forward
from inference.models.folder import CONFIG, read_config
from inference.models.names import BUNDLED, check_name
from inference.models.precision import AUTO, CONFIGURED, INT8
from inference.models.rows import check_rows
from inference.models.temperature import read_temperatures
from inference.registry.named import Named
from inference.settings import InferenceSettings

BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
HASH_DIGITS = 16
RECOMMENDER = "shopstreams-recommender"
INFERENCE_DTYPE = "inference_dtype"
"""In config.json: what a model is to be computed with where `inference.dtype` is auto."""
_DECISIVE = (".safetensors", ".json", ".txt", ".model")
_FIGURES = "metrics.json"  # what a model scored once does not determine its scores
_WARM_UP: tuple[list[Item], ...] = (
    ["good", "这个很好", ["a black shirt", "黑色衬衫"], ""] * 4,
    ["very good 很好 " * 1000],  # as long as a text can be
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A model's folder, looked at and not yet loaded."""

    slot: str
    name: str  # what results call the model
    folder: Path
    config: Mapping[str, object]


def load_all(settings: InferenceSettings) -> dict[str, Model]:
    """Return the configured models by slot, warm; raises `ModelError`."""
    # All folders are looked at before torch is imported: what is amiss is said at once.
    found = {slot: find(slot, name) for slot, name in settings.models.items()}
    import torch

    device = choose_device(settings.device, settings.worker)
    torch.set_num_threads(choose_threads(settings.threads, settings.workers))
    return {
        slot: _load(one, device, settings.max_tokens, settings.dtype) for slot, one in found.items()
    }


def load(slot: str, name: str, device: str, max_tokens: int, dtype: str = "fp32") -> Model:
    """Return the model of `name`: `bundled`, a folder, a hub name or `registry:PATH@live`.

    Raises `ModelError` with what is wrong and what to do. Code in a model's folder is never run
    and pickled weights are never read.
    """
    return _load(find(slot, name), device, max_tokens, dtype)


def content_hash(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of the files that determine the scores."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _DECISIVE and path.name != _FIGURES:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.name}\0{content}\0".encode())
    return digest.hexdigest()[:HASH_DIGITS]


def find(slot: str, name: str) -> Found:
    """Return the folder of `bundled`, a folder, a hub name or `registry:PATH@live`.

    Raises `ModelError`.
    """
    check_name(slot, name)
    if name == BUNDLED:
        folder, shown = BUNDLED_FOLDER / slot, f"shopstreams/{slot}"
        if not (folder / CONFIG).is_file():
            raise ModelError(f"no model folder is bundled for {slot}: name one, or a hub name")
    elif (named := Named.of(name)) is not None:
        from inference.registry.address import fetch

        folder, shown = fetch(named)
    elif (given := Path(name).expanduser()).is_dir():
        folder, shown = given, given.resolve().name
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"there is no model folder {name!r} for {slot}")
    else:
        folder, shown = _fetch(name), name
    return Found(slot=slot, name=shown, folder=folder, config=read_config(folder, name))


def _load(found: Found, device: str, max_tokens: int, dtype: str) -> Model:
    try:
        model = _read(found, device, max_tokens, dtype)
        check_rows(model.info)
        for batch in _WARM_UP:
            if not np.isfinite(forward(model, model.prepare(batch))).all():
                raise ModelError(
                    f"the weights of {found.name!r} are damaged: its scores are not numbers"
                )
    except InferenceError:
        raise
    except SafetensorError as error:
        raise ModelError(
            f"the weights of {found.name!r} are damaged: copy the folder again ({error})"
        ) from error
    except Exception as error:  # whatever a library raises over a folder, the folder is the cause
        raise ModelError(_reason(found, error)) from error
    return model


def _reason(found: Found, error: Exception) -> str:
    if "Unrecognized configuration class" in str(error):
        kind = found.config.get("model_type")
        return f"the model {found.name!r} is a {kind}: transformers has no classifier of that kind"
    if isinstance(error, KeyError):
        return f"the model {found.name!r} cannot be loaded: one of its files has no {error}"
    return f"the model {found.name!r} cannot be loaded: {_first_line(error)}"


def _read(found: Found, device: str, max_tokens: int, dtype: str) -> Model:
    digest = content_hash(found.folder)
    if found.config.get("architecture") == RECOMMENDER:
        from inference.models.recommender import load_recommender

        return load_recommender(found.slot, found.folder, found.name, digest, device)
    from inference.models.sentences import is_sentence_encoder, load_sentence_encoder

    if is_sentence_encoder(found.folder):
        return load_sentence_encoder(
            found.slot, found.folder, found.name, digest, device, max_tokens=max_tokens
        )
    from inference.models.classifier import load_classifier

    return load_classifier(
        found.slot,
        found.folder,
        found.name,
        digest,
        device,
        # Read here, since transformers drops both fields.
        temperatures=read_temperatures(found.config.get("temperature", 1.0), found.name),
        max_tokens=max_tokens,
        dtype=_dtype(found, device, dtype),
    )


def _fetch(name: str) -> Path:
    """Return the folder of a hub model, fetched if it is not there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            name,
            allow_patterns=[f"*{suffix}" for suffix in _DECISIVE],
            # Other formats of the same weights, which 1_Pooling of a sentence encoder is not.
            ignore_patterns=["[!1]*/*"],
        )
    except LocalEntryNotFoundError as error:  # nor was it fetched before
        raise ModelError(
            f"{name!r} is no folder here, and the Hugging Face hub cannot be reached from here: "
            "name a folder"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{name!r} is no folder here and cannot be fetched from the Hugging Face hub: "
            f"{_first_line(error)}"
        ) from error
    return Path(folder)


def _dtype(found: Found, device: str, wanted: str) -> str:
    """Return what to compute with: what is configured, else what the model was measured in."""
    own = found.config.get(INFERENCE_DTYPE, AUTO)
    if own not in (AUTO, *CONFIGURED):
        raise ModelError(
            f"{INFERENCE_DTYPE} in config.json of {found.name!r} is none of "
            f"{', '.join((AUTO, *CONFIGURED))}"
        )
    is_possible = own != INT8 or device == "cpu"
    return str(own) if wanted == AUTO and is_possible else wanted


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # What ends in a colon says nothing without what comes after it.
    told = [line for number, line in enumerate(lines) if not number or lines[number - 1][-1] == ":"]
    return " ".join(told[:2]) or type(error).__name__
