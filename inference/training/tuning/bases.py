"""The model that is begun with: its encoder, and a head for the labels that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from inference.errors import TrainingError
from inference.models.encoding import TextEncoder
from inference.models.folder import CONFIG
from inference.models.limits import padding, positions, tells_apart
from inference.models.loading import BUNDLED_FOLDER, Found, content_hash, find
from inference.models.names import BUNDLED
from inference.training.tokenizer import mark_pairs

_SHARED = "sentiment"
"""The bundled encoder for a task that has none of its own."""
_MULTI, _SINGLE = "multi_label_classification", "single_label_classification"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A network with its tokenizer."""

    model: Any
    tokenizer: Any
    encoder: TextEncoder  # the tokenizer as the worker uses it
    labels: tuple[str, ...]  # in the order of the head's columns
    keeps_head: bool  # whether the head is the base's own


def find_base(slot: str, name: str) -> Found:
    """Return the folder of a base; raises `ModelError`."""
    lacking = not (BUNDLED_FOLDER / slot / CONFIG).is_file()
    return find(_SHARED if name == BUNDLED and lacking else slot, name)


def base_hash(found: Found) -> str:
    """Return the content hash of a base's folder."""
    return content_hash(found.folder)


def load_base(
    found: Found,
    labels: Sequence[str],
    *,
    many: bool,
    pairs: bool,
    seed: int,
    max_tokens: int,
) -> Base:
    """Return the base with a head for `labels`; raises `TrainingError` if it is no encoder.

    A head for just those labels is kept, in its own order; else a new one is drawn by `seed`. For
    `pairs`, the tokenizer has marks between two texts, whether or not it had them before.
    """
    kept = _own_labels(found, labels, many=many)
    names = kept or tuple(labels)
    torch.manual_seed(seed)
    model, tokenizer = _read(found, names, many=many)
    if pairs:
        mark_pairs(tokenizer)
    encoder = TextEncoder(
        tokenizer,
        pad=padding(model, tokenizer),
        max_tokens=min(max_tokens, tokenizer.model_max_length, positions(model)),
        tells_apart=tells_apart(model, tokenizer),
    )
    return Base(
        model=model,
        tokenizer=tokenizer,
        encoder=encoder,
        labels=names,
        keeps_head=kept is not None,
    )


def _read(found: Found, names: Sequence[str], *, many: bool) -> tuple[Any, Any]:
    """Return network and tokenizer; what of the head does not fit is drawn by chance."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(found.folder, **local)
        model, told = AutoModelForSequenceClassification.from_pretrained(
            found.folder,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            id2label=dict(enumerate(names)),
            label2id={name: at for at, name in enumerate(names)},
            problem_type=_MULTI if many else _SINGLE,
            **local,
        )
    except Exception as error:  # whatever a library raises over a folder, the folder is the cause
        raise TrainingError(f"{found.name!r} cannot be trained further: {error}") from error
    _check_encoder(model, told["missing_keys"], found.name)
    return model, tokenizer


def _own_labels(found: Found, labels: Sequence[str], *, many: bool) -> tuple[str, ...] | None:
    """Return the base's labels where they are the ones that are wanted and mean the same."""
    named = found.config.get("id2label")
    was_many = found.config.get("problem_type") == _MULTI
    if not isinstance(named, dict) or was_many != many:
        return None
    own = tuple(str(named[key]) for key in sorted(named, key=int))
    return own if sorted(own) == sorted(labels) else None


def _check_encoder(model: Any, missing: Sequence[str], name: str) -> None:
    """Raise where weights of the encoder itself would be random numbers."""
    inner = f"{model.base_model_prefix}."
    lacking = [key for key in missing if key.startswith(inner) and ".pooler." not in key]
    if lacking:
        raise TrainingError(
            f"the weights of {name!r} lack {lacking[0]!r}: they are of another architecture than "
            "its config.json says"
        )
