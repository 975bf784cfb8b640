"""An encoder of one's own from plain texts: pieces are hidden and to be told."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, ElectraConfig, ElectraForMaskedLM

from inference.errors import TrainingError
from inference.files.errors import DataError
from inference.files.readers import read_rows
from inference.models.limits import padding, positions
from inference.models.loading import content_hash, find
from inference.training.data.cleaning import clean, folded
from inference.training.export import round_to_half, save_network
from inference.training.loop import Ids, tokenise
from inference.training.tokenizer import MAX_TOKENS, train_tokenizer
from inference.training.tuning.checkpoint import Checkpoints
from inference.training.tuning.curves import plot_history
from inference.training.tuning.folder import CARD, CURVES, UNFINISHED, check_out, identity, staged
from inference.training.tuning.history import History, Validation
from inference.training.tuning.objectives import MaskedPieces
from inference.training.tuning.precision import prepare_device
from inference.training.tuning.scoring import mean_loss
from inference.training.tuning.settings import TuningSettings
from inference.training.tuning.trainer import Listener, Task, Trainer

_LEAST_TEXTS = 20


@dataclass(frozen=True, kw_only=True)
class EncoderShape:
    """The size of a new encoder; ELECTRA's, since its vectors may be narrower than its layers."""

    layers: int = 4
    width: int = 256
    heads: int = 4
    inner: int = 768
    piece_width: int = 128


@dataclass(frozen=True, kw_only=True)
class PretrainRequest:
    """What is made of what."""

    texts: Sequence[str]
    out: Path
    base: str | None = None  # to go on with; None: a new encoder with a vocabulary of these texts
    shape: EncoderShape = field(default_factory=EncoderShape)  # of a new one
    settings: TuningSettings = field(default_factory=TuningSettings)
    validation: float = 0.05  # share of the texts
    command: str = ""  # for the card


def read_texts(paths: Sequence[Path], column: str = "text") -> list[str]:
    """Return the distinct cleaned texts of files: lines of plain text, or a column.

    Raises `FileError`, and `DataError` where there are too few.
    """
    texts: dict[str, str] = {}
    for path in paths:
        for row in read_rows(path):
            text = clean(str((row.fields or {}).get(column) or ""))
            if text:
                texts.setdefault(folded(text), text)
    if len(texts) < _LEAST_TEXTS:
        names = ", ".join(str(path) for path in paths)
        raise DataError(f"{names} hold {len(texts)} texts under {column!r}: that is too few")
    return list(texts.values())


def pretrain(request: PretrainRequest, listener: Listener) -> History:
    """Train and write a folder that `train --base` takes; goes on where it was killed.

    Raises `TrainingError` and `ModelError`.
    """
    check_out(request.out)
    device = prepare_device(request.settings)
    model, tokenizer = _model(request)
    model.to(device)
    train, held = _objectives(request, model, tokenizer)
    seed = request.settings.seed

    def validate() -> Validation:
        loss = mean_loss(model, held, seed)
        return Validation(loss, -loss)

    checkpoints = Checkpoints(request.out / UNFINISHED, _identity(request))
    task = Task(model=model, objective=train, validate=validate)
    history = Trainer(task, request.settings, checkpoints, listener).run()
    round_to_half(model)
    with staged(request.out) as folder:
        _write(folder, request, model, tokenizer, history)
    checkpoints.clear()
    return history


def _model(request: PretrainRequest) -> tuple[Any, Any]:
    torch.manual_seed(request.settings.seed)
    if request.base is None:
        made = train_tokenizer(request.texts)
        return _new_encoder(made, request.shape), made
    found = find("sentiment", request.base)
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(found.folder, **local)
        model = AutoModelForMaskedLM.from_pretrained(
            found.folder, use_safetensors=True, dtype=torch.float32, **local
        )
    except Exception as error:  # whatever a library raises over a folder, the folder is the cause
        raise TrainingError(f"{request.base!r} cannot be pre-trained further: {error}") from error
    if tokenizer.mask_token_id is None:
        raise TrainingError(f"the tokenizer of {request.base!r} has no mask token")
    return model, tokenizer


def _new_encoder(tokenizer: Any, shape: EncoderShape) -> Any:
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=shape.piece_width,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=MAX_TOKENS,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    return ElectraForMaskedLM(config)


def _objectives(
    request: PretrainRequest, model: Any, tokenizer: Any
) -> tuple[MaskedPieces, MaskedPieces]:
    limits = (request.settings.max_tokens, tokenizer.model_max_length, positions(model))
    ids = tokenise(tokenizer, request.texts, min(limits))
    random.Random(request.settings.seed).shuffle(ids)
    cut = max(1, round(request.validation * len(ids)))
    pad = padding(model, tokenizer)

    def objective(part: list[Ids]) -> MaskedPieces:
        return MaskedPieces(
            ids=part,
            pad=pad,
            mask=tokenizer.mask_token_id,
            special=frozenset(tokenizer.all_special_ids),
            pieces=len(tokenizer),
        )

    return objective(ids[cut:]), objective(ids[:cut])


def _identity(request: PretrainRequest) -> str:
    return identity(
        request.settings,
        texts=hashlib.sha256("\0".join(request.texts).encode()).hexdigest(),
        base=content_hash(find("sentiment", request.base).folder) if request.base else None,
        shape=asdict(request.shape),
        validation=request.validation,
    )


def _write(
    folder: Path, request: PretrainRequest, model: Any, tokenizer: Any, history: History
) -> None:
    save_network(model, tokenizer, folder)
    plot_history(history, folder / CURVES, "minus loss")
    best = history.best
    loss = f"{best.validation_loss:.3f} in epoch {best.number}" if best else "unknown"
    card = (
        "# Encoder\n\n"
        f"Begun with {request.base or 'random weights'}; {len(request.texts):,} texts, "
        f"{history.step:,} steps, {history.seconds / 60:.1f} minutes.\n"
        f"Loss on hidden pieces of texts held out: {loss}.\n\n"
        f"    {request.command}\n\n"
        "Not a classifier yet: `shopstreams train ... --base` this folder.\n"
    )
    (folder / CARD).write_text(card, encoding="utf-8")
