"""A shop's chats in, a sentence encoder out that puts a question near its reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch

from inference.errors import TrainingError
from inference.evaluation.retrieval import Choices, RetrievalReport, retrieval_report
from inference.messages import Item
from inference.models.limits import padding, positions
from inference.models.loading import Found
from inference.models.sentences import Pieces, read_encoder, write_layout
from inference.training.data.exchanges import Exchange, Exchanges
from inference.training.export import round_to_half, save_metrics, save_network
from inference.training.loop import Ids
from inference.training.tuning.bases import base_hash, find_base
from inference.training.tuning.checkpoint import Checkpoints
from inference.training.tuning.curves import plot_history
from inference.training.tuning.folder import (
    CARD,
    CURVES,
    UNFINISHED,
    check_out,
    identity,
    metrics_of,
    staged,
)
from inference.training.tuning.history import History
from inference.training.tuning.in_batch import HeldReplies, Replies
from inference.training.tuning.precision import prepare_device
from inference.training.tuning.reply_card import ReplyMade, reply_card
from inference.training.tuning.settings import (
    REPLY_LAYERS,
    REPLY_SETTINGS,
    REPLY_TEMPERATURE,
    TuningSettings,
)
from inference.training.tuning.trainer import Listener, Task, Trainer

SLOT: Final = "reply"


@dataclass(frozen=True, kw_only=True)
class ReplyRequest:
    """What is made of what."""

    data: Exchanges
    out: Path  # folder that is not there yet, or holds the same training, unfinished
    base: str = "bundled"  # or a folder, or a hub name
    settings: TuningSettings = field(default_factory=lambda: REPLY_SETTINGS)
    layers: int | None = REPLY_LAYERS  # of the base that are kept, the first; None: all
    temperature: float = REPLY_TEMPERATURE  # divides the cosines of a batch
    command: str = ""  # for the card


@dataclass(frozen=True, kw_only=True)
class TunedReplies:
    """What came out."""

    folder: Path
    history: History
    figures: RetrievalReport | None  # on the test part


@dataclass(frozen=True, kw_only=True)
class _Base:
    network: Any
    tokenizer: Any
    pieces: Pieces
    max_tokens: int


def train_replies(request: ReplyRequest, listener: Listener) -> TunedReplies:
    """Train, keep the best epoch, measure once, write.

    Killed and called again with the same request, it goes on and ends with the same weights.
    Raises `TrainingError` and `ModelError`.
    """
    check_out(request.out)
    device = prepare_device(request.settings)
    found = find_base(SLOT, request.base)
    base = _load(found, request, device)
    checkpoints = Checkpoints(request.out / UNFINISHED, _identity(request, base_hash(found)))
    history = Trainer(_task(request, base), request.settings, checkpoints, listener).run()
    round_to_half(base.network)
    tuned = TunedReplies(
        folder=request.out, history=history, figures=_measured(request, base, request.data.test)
    )
    with staged(request.out) as folder:
        _write(folder, request, base, tuned, found.name)
    checkpoints.clear()
    return tuned


def _load(found: Found, request: ReplyRequest, device: torch.device) -> _Base:
    settings = request.settings
    torch.manual_seed(settings.seed)
    try:
        network, tokenizer = read_encoder(found.folder, found.name, str(device), request.layers)
    except Exception as error:  # whatever a library raises over a folder, the folder is the cause
        raise TrainingError(f"{found.name!r} cannot be trained further: {error}") from error
    limit = min(settings.max_tokens, tokenizer.model_max_length, positions(network))
    pieces = Pieces(tokenizer, pad=padding(network, tokenizer), max_tokens=limit)
    return _Base(network=network.to(device), tokenizer=tokenizer, pieces=pieces, max_tokens=limit)


def _identity(request: ReplyRequest, base: str) -> str:
    return identity(
        request.settings,
        slot=SLOT,
        data=request.data.digest,
        base=base,
        layers=request.layers,
        temperature=request.temperature,
    )


def _task(request: ReplyRequest, base: _Base) -> Task:
    choices = Choices.of([one.reply for one in request.data.train])
    objective = Replies(
        asked=_asked(base, request.data.train),
        replies=_ids(base, choices.replies),
        right=choices.right.tolist(),
        pad=base.pieces.pad,
        temperature=request.temperature,
    )
    held = _held(request, base, request.data.validation)
    return Task(
        model=base.network, objective=objective, validate=lambda: held.figures(base.network)
    )


def _held(request: ReplyRequest, base: _Base, exchanges: Sequence[Exchange]) -> HeldReplies:
    choices = Choices.of([one.reply for one in exchanges])
    return HeldReplies(
        asked=_asked(base, exchanges),
        replies=_ids(base, choices.replies),
        choices=choices,
        pad=base.pieces.pad,
        temperature=request.temperature,
    )


def _asked(base: _Base, exchanges: Sequence[Exchange]) -> list[Ids]:
    return _ids(base, [list(one.late) for one in exchanges])


def _ids(base: _Base, items: Sequence[Item]) -> list[Ids]:
    return [one.ids for one in base.pieces(items)]


def _measured(
    request: ReplyRequest, base: _Base, test: Sequence[Exchange]
) -> RetrievalReport | None:
    if not test:
        return None
    held = _held(request, base, test)
    return retrieval_report(held.scores(base.network), held.choices)


def _write(
    folder: Path, request: ReplyRequest, base: _Base, tuned: TunedReplies, name: str
) -> None:
    save_network(base.network, base.tokenizer, folder)
    write_layout(folder, base.network.config.hidden_size, base.max_tokens)
    plot_history(tuned.history, folder / CURVES, "mean reciprocal rank")
    save_metrics(folder, _metrics(request, tuned))
    made = ReplyMade(
        base=name,
        parameters=sum(one.numel() for one in base.network.parameters()),
        command=request.command,
        data=request.data,
        settings=request.settings,
        history=tuned.history,
        figures=tuned.figures,
    )
    (folder / CARD).write_text(reply_card(made), encoding="utf-8")


def _metrics(request: ReplyRequest, tuned: TunedReplies) -> dict[str, Any]:
    return {
        "test": asdict(tuned.figures) if tuned.figures else None,
        **metrics_of(request.data, request.settings, tuned.history),
    }
