"""Texts as unit vectors: any encoder of transformers, its states averaged.

A folder is one that sentence-transformers reads and writes (`modules.json`): an encoder, the mean
over its tokens, length 1. The dot product of two texts' vectors is their likeness, -1 to 1. Always
computed in float32: what is compared in one index must not depend on the worker that it met.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from inference.errors import ModelError
from inference.messages import Floats, Item, ModelInfo
from inference.models.batches import Ids, on_device, padded
from inference.models.encoding import EncodedText, TextEncoder
from inference.models.limits import padding, positions
from inference.settings import CHARACTERS_A_TOKEN

MODULES: Final = "modules.json"
POOLING: Final = "1_Pooling"
MEAN: Final = "pooling_mode_mean_tokens"
LIMITS: Final = "sentence_bert_config.json"
_POOLED: Final = "pooling_mode_"
_LONGEST: Final = "max_seq_length"


class Pieces:
    """A tokenizer that keeps a text's beginning, and of a conversation its end."""

    def __init__(self, tokenizer: Any, *, pad: int, max_tokens: int) -> None:
        self.pad = pad
        self._most_characters = max_tokens * CHARACTERS_A_TOKEN
        late = copy.deepcopy(tokenizer)
        late.truncation_side = "left"
        self._beginning, self._end = (
            TextEncoder(one, pad=pad, max_tokens=max_tokens, tells_apart=False)
            for one in (tokenizer, late)
        )

    def __call__(self, items: Sequence[Item]) -> list[EncodedText]:
        """Return each item's ids; a list of texts is a conversation, latest last."""
        texts = iter(self._beginning([one for one in items if isinstance(one, str)]))
        talks = iter(self._end([self._late(one) for one in items if not isinstance(one, str)]))
        return [next(texts if isinstance(one, str) else talks) for one in items]

    def _late(self, turns: Sequence[str]) -> str:
        return " ".join(turns)[-self._most_characters :]


class SentenceEncoder:
    """An encoder behind the worker's contract: rows are unit vectors."""

    def __init__(self, info: ModelInfo, network: Any, pieces: Pieces) -> None:
        self.info = info
        self._network = network
        self._pieces = pieces

    def prepare(self, items: Sequence[Item]) -> list[EncodedText]:
        """Return each item's ids, cut to what the model takes."""
        return self._pieces(items)

    def forward(self, batch: Sequence[EncodedText]) -> Floats:
        """Return unit vectors [items, width]."""
        with torch.inference_mode():
            rows = vectors(self._network, [one.ids for one in batch], self._pieces.pad)
        result: Floats = rows.cpu().numpy()
        return result


def vectors(network: Any, texts: Sequence[Ids], pad: int) -> Tensor:
    """Return unit vectors [texts, width] in float32 on the network's device."""
    ids, mask = padded(texts, pad)
    device = network.device
    given, present = on_device(ids, device), on_device(mask, device)
    states = network(input_ids=given, attention_mask=present).last_hidden_state.float()
    weights = present.unsqueeze(-1).float()
    return normalize((states * weights).sum(1) / weights.sum(1), dim=-1)


def is_sentence_encoder(folder: Path) -> bool:
    """Return whether a model's folder says that it holds one."""
    return (folder / MODULES).is_file()


def load_sentence_encoder(
    slot: str, folder: Path, name: str, digest: str, device: str, *, max_tokens: int
) -> SentenceEncoder:
    """Return the encoder in a folder; raises `ModelError`, or what transformers raises."""
    _check_pooling(folder, name)
    network, tokenizer = read_encoder(folder, name, device)
    limit = min(max_tokens, _told_limit(folder), tokenizer.model_max_length, positions(network))
    info = ModelInfo(
        slot=slot,
        name=name,
        hash=digest,
        labels=(),
        width=int(network.config.hidden_size),
        device=device,
        dtype="float32",
    )
    pieces = Pieces(tokenizer, pad=padding(network, tokenizer), max_tokens=limit)
    return SentenceEncoder(info, network.eval().to(device), pieces)


def read_encoder(
    folder: Path, name: str, device: str, layers: int | None = None
) -> tuple[Any, Any]:
    """Return the encoder of any model's folder, in float32, and its tokenizer.

    A head is left out, and all but the first `layers` where that is given. Raises `ModelError`
    where weights are lacking, or what transformers raises.
    """
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    local = {"local_files_only": True, "trust_remote_code": False}
    # torch's fused attention is the slower one for short texts on a CPU.
    attention = {"attn_implementation": "eager"} if torch.device(device).type == "cpu" else {}
    shape = {} if layers is None else {"num_hidden_layers": layers}
    tokenizer = AutoTokenizer.from_pretrained(folder, **local)
    network, told = AutoModel.from_pretrained(
        folder,
        use_safetensors=True,
        dtype=torch.float32,
        output_loading_info=True,
        **attention,
        **shape,
        **local,
    )
    lacking = sorted(key for key in told["missing_keys"] if not key.startswith("pooler."))
    if lacking:
        raise ModelError(
            f"the weights of {name!r} lack {lacking[0]!r}: they are of another architecture than "
            "its config.json says"
        )
    if len(tokenizer) > network.get_input_embeddings().num_embeddings:
        raise ModelError(f"the tokenizer of {name!r} has more tokens than the model knows")
    return network, tokenizer


def write_layout(folder: Path, width: int, max_tokens: int) -> None:
    """Write what tells sentence-transformers how the encoder beside it is used."""
    kinds = {"Transformer": "", "Pooling": POOLING, "Normalize": "2_Normalize"}
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(kinds.items())
    ]
    (folder / POOLING).mkdir(parents=True)
    _write(folder / MODULES, modules)
    _write(folder / POOLING / "config.json", {"word_embedding_dimension": width, MEAN: True})
    _write(folder / LIMITS, {_LONGEST: max_tokens, "do_lower_case": False})


def _told_limit(folder: Path) -> int:
    """Return the tokens that the encoder was trained to read."""
    told = _object(folder / LIMITS).get(_LONGEST)
    return told if isinstance(told, int) and told > 0 else sys.maxsize


def _check_pooling(folder: Path, name: str) -> None:
    """Raise `ModelError` unless vectors are means over tokens."""
    told = _object(folder / POOLING / "config.json")
    others = [key for key, on in told.items() if key.startswith(_POOLED) and on is True]
    if others != [MEAN]:
        raise ModelError(
            f"{POOLING}/config.json of {name!r} does not say that a vector is the mean over a "
            f"text's tokens ({MEAN}): no other way is known here"
        )


def _object(path: Path) -> Mapping[str, object]:
    """Return a file's JSON object; an empty one where there is no such file."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
