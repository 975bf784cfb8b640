"""Pieces that no text of the shop's has, taken out of tokenizer and embeddings.

A text whose pieces all stay is cut as before: of a unigram model's paths the best one stays the
best when others go, and WordPiece takes the longest piece, which is there. Single characters stay,
so that no text becomes unknown that was not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer

from inference.compression.folder import Parts
from inference.errors import ModelError

_WORD_START, _WORD_PART = "▁", "##"
_ID_FIELDS = ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")


def prune_vocabulary(parts: Parts, texts: Iterable[str]) -> int:
    """Take out what no text has; return how many pieces went. Changes `parts`.

    Raises `ModelError` for a tokenizer that is neither Unigram nor WordPiece, and for weights in
    which the pieces' vectors are not found.
    """
    pieces = _pieces(parts.tokenizer)
    used = _used(parts.tokenizer, texts)
    kept = [at for at, piece in enumerate(pieces) if at in used or _is_character(piece)]
    places = {before: after for after, before in enumerate(kept)}
    _prune_tensors(parts, len(pieces), kept)
    _prune_tokenizer(parts.tokenizer, kept, places)
    for name in _ID_FIELDS:
        if isinstance(parts.config.get(name), int):
            parts.config[name] = places[parts.config[name]]
    parts.config["vocab_size"] = len(kept)
    return len(pieces) - len(kept)


def _pieces(tokenizer: Mapping[str, Any]) -> list[str]:
    """Return the pieces by id."""
    model = tokenizer["model"]
    if model.get("type") == "Unigram":
        pieces = [piece for piece, _ in model["vocab"]]
    elif model.get("type") == "WordPiece":
        pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    else:
        raise ModelError(
            f"a tokenizer of type {model.get('type')} cannot be pruned: Unigram and WordPiece can"
        )
    if any(token["id"] >= len(pieces) for token in tokenizer.get("added_tokens", ())):
        raise ModelError("a tokenizer with tokens added behind its vocabulary cannot be pruned")
    return pieces


def _used(tokenizer: Mapping[str, Any], texts: Iterable[str]) -> set[int]:
    fast = Tokenizer.from_str(json.dumps(tokenizer))
    fast.no_truncation()
    fast.no_padding()
    used = {int(token["id"]) for token in tokenizer.get("added_tokens", ())}
    unknown = tokenizer["model"].get("unk_id")
    if isinstance(unknown, int):
        used.add(unknown)
    for encoded in fast.encode_batch(list(texts)):
        used.update(encoded.ids)
    return used


def _is_character(piece: str) -> bool:
    return len(piece.removeprefix(_WORD_PART).removeprefix(_WORD_START)) <= 1


def _prune_tensors(parts: Parts, pieces: int, kept: Sequence[int]) -> None:
    """Keep the rows of the kept pieces; the table may be longer than the vocabulary."""
    rows = int(parts.config.get("vocab_size", pieces))
    tables = [name for name, one in parts.tensors.items() if one.shape[:1] == (rows,)]
    if not any(parts.tensors[name].ndim == 2 for name in tables) or rows < pieces:
        raise ModelError("the weights have no table with a row for each piece")
    for name in tables:
        parts.tensors[name] = parts.tensors[name][list(kept)]


def _prune_tokenizer(
    tokenizer: dict[str, Any], kept: Sequence[int], places: Mapping[int, int]
) -> None:
    model = tokenizer["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [model["vocab"][at] for at in kept]
        if isinstance(model.get("unk_id"), int):
            model["unk_id"] = places[model["unk_id"]]
    else:
        model["vocab"] = {piece: places[at] for piece, at in model["vocab"].items() if at in places}
    for token in tokenizer.get("added_tokens", ()):
        token["id"] = places[token["id"]]
    padding = tokenizer.get("padding")
    if padding:
        padding["pad_id"] = places[padding["pad_id"]]
    _renumber(tokenizer.get("post_processor"), places)


def _renumber(processor: dict[str, Any] | None, places: Mapping[int, int]) -> None:
    """Renumber the marks that are put around a text."""
    if processor is None:
        return
    for token in processor.get("special_tokens", {}).values():
        token["ids"] = [places[at] for at in token["ids"]]
    for name in ("cls", "sep"):
        if name in processor:  # BertProcessing and RobertaProcessing: [token, id]
            processor[name][1] = places[processor[name][1]]
    for inner in processor.get("processors", ()):
        _renumber(inner, places)
