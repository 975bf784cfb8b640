"""Scores (history, candidate) pairs over a whole catalogue by the items' texts.

An item is a weighted mean of its pieces' bilingual vectors, turned by one matrix; a history is a
Transformer over the vectors of its items. Both are unit vectors [WIDTH], and the score of a pair
is their dot product, -1 to 1. Since an item is its text alone, a catalogue that was never seen,
in Chinese or English, can be scored at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus
from transformers import PreTrainedTokenizerFast

from inference.errors import ModelError
from inference.messages import Floats, Item, ModelInfo
from inference.models.characters import whole_characters
from inference.tasks.purchases import READ

WIDTH = 128
LAYERS = 1
HEADS = 4
MAX_HISTORY = READ
MAX_PIECES = 32
CHARACTERS_A_PIECE = 12
WEIGHTS_FILE = "model.safetensors"
ARCHITECTURE = "shopstreams-recommender"

Pieces = tuple[int, ...]


@dataclass(frozen=True)
class EncodedHistory:
    """One item (a single text) or a history (several, most recent last), as piece ids."""

    items: tuple[Pieces, ...]
    is_history: bool

    @property
    def length(self) -> int:
        """What it costs in a batch: its items, and one where there is none."""
        return max(1, len(self.items))


class PairScorer(nn.Module):
    """The weights, and how vectors come from them."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = nn.Embedding(pieces, WIDTH)
        self.importance = nn.Embedding(pieces, 1)
        self.turn = nn.Linear(WIDTH, WIDTH, bias=False)
        self.recency = nn.Embedding(MAX_HISTORY, WIDTH)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 2 * WIDTH, dropout=0.1, batch_first=True, norm_first=True
        )
        self.history = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.blend = nn.Parameter(torch.full((1,), 0.3))

    def items(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return [items, WIDTH] for piece ids and their mask, both [items, pieces]."""
        weights = softplus(self.importance(ids)) * mask.unsqueeze(-1)
        mean = (self.pieces(ids) * weights).sum(1) / weights.sum(1).clamp_min(1e-6)
        return normalize(self.turn(mean), dim=-1)

    def histories(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return [histories, WIDTH] for item vectors [histories, items, WIDTH], latest last."""
        # Counted from the end, so that padding in front changes nothing.
        ages = torch.arange(vectors.shape[1] - 1, -1, -1, device=vectors.device)
        states = self.history(vectors + self.recency(ages), src_key_padding_mask=~mask)
        present = mask.unsqueeze(-1).float()
        mean = (vectors * present).sum(1) / present.sum(1).clamp_min(1.0)
        seen = (states * present).sum(1) / present.sum(1).clamp_min(1.0)
        return normalize(mean + self.blend * seen, dim=-1)


class Recommender:
    """The pair scorer behind the worker's contract."""

    def __init__(
        self, info: ModelInfo, network: PairScorer, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        self.info = info
        self._network = network
        self._tokenizer = tokenizer

    def prepare(self, items: Sequence[Item]) -> list[EncodedHistory]:
        """Return each item or history as piece ids; of a history the last MAX_HISTORY items."""
        kept = [[item] if isinstance(item, str) else item[-MAX_HISTORY:] for item in items]
        pieces = iter(encode_texts(self._tokenizer, [text for texts in kept for text in texts]))
        return [
            EncodedHistory(tuple(next(pieces) for _ in texts), not isinstance(item, str))
            for item, texts in zip(items, kept, strict=True)
        ]

    def forward(self, batch: Sequence[EncodedHistory]) -> Floats:
        """Return unit vectors [batch, WIDTH]."""
        flat = [pieces for one in batch for pieces in one.items]
        device = self._network.turn.weight.device
        with torch.inference_mode():
            rows = torch.zeros(len(batch), WIDTH, device=device)
            if not flat:
                return rows.cpu().numpy()
            ids, mask = padded_pieces(flat)
            vectors = self._network.items(ids.to(device), mask.to(device))
            ends = np.cumsum([len(one.items) for one in batch])
            single = [at for at, one in enumerate(batch) if not one.is_history]
            rows[single] = vectors[[int(ends[at]) - 1 for at in single]]
            # An empty history says nothing: its row stays 0, and so does its every score.
            past = [at for at, one in enumerate(batch) if one.is_history and one.items]
            if past:
                spans = [(int(ends[at]) - len(batch[at].items), int(ends[at])) for at in past]
                rows[past] = self._network.histories(*padded_histories(vectors, spans))
        result: Floats = rows.cpu().numpy()
        return result


def encode_texts(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[Pieces]:
    """Return the piece ids of each text, without the ends that classifiers want."""
    if not texts:
        return []
    limit = MAX_PIECES * CHARACTERS_A_PIECE
    ids = tokenizer(
        [whole_characters(text[:limit]) for text in texts],
        truncation=True,
        max_length=MAX_PIECES,
        add_special_tokens=False,
    )["input_ids"]
    return [tuple(one) or (tokenizer.unk_token_id,) for one in ids]


def padded_pieces(items: Sequence[Pieces]) -> tuple[Tensor, Tensor]:
    """Return ids and mask, both [items, longest]."""
    longest = max(len(pieces) for pieces in items)
    ids = torch.zeros(len(items), longest, dtype=torch.long)
    mask = torch.zeros(len(items), longest)
    for row, pieces in enumerate(items):
        ids[row, : len(pieces)] = torch.tensor(pieces)
        mask[row, : len(pieces)] = 1.0
    return ids, mask


def padded_histories(vectors: Tensor, spans: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    """Return [histories, longest, WIDTH] and its mask; a span is a history's rows in `vectors`."""
    longest = max(end - start for start, end in spans)
    padded = torch.zeros(len(spans), longest, WIDTH, device=vectors.device)
    mask = torch.zeros(len(spans), longest, dtype=torch.bool, device=vectors.device)
    for row, (start, end) in enumerate(spans):
        padded[row, longest - (end - start) :] = vectors[start:end]
        mask[row, longest - (end - start) :] = True
    return padded, mask


def load_recommender(slot: str, folder: Path, name: str, digest: str, device: str) -> Recommender:
    """Return the recommender in a folder that `inference.training.recommend` wrote.

    Raises `ModelError` where the weights are another model's.
    """
    tokenizer, network = read_network(folder, name)
    network.eval().to(device)
    info = ModelInfo(
        slot=slot,
        name=name,
        hash=digest,
        labels=(),
        width=WIDTH,
        device=device,
        dtype="float32",
    )
    return Recommender(info, network, tokenizer)


def read_network(folder: Path, name: str) -> tuple[PreTrainedTokenizerFast, PairScorer]:
    """Return tokenizer and weights; raises `ModelError` where the weights are another model's."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    network = PairScorer(len(tokenizer))
    try:
        weights = load_file(folder / WEIGHTS_FILE)
        network.load_state_dict({key: value.float() for key, value in weights.items()})
    except (OSError, RuntimeError) as error:
        raise ModelError(f"the model {name!r} has not the weights of a recommender") from error
    return tokenizer, network
