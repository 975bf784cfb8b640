"""The models that are measured, as folders: the bundled one, and the shape of BERT-base."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
from tokenizers import Tokenizer

from inference.models.loading import BUNDLED_FOLDER

SLOT: Final = "sentiment"
TOKENIZER: Final = ("tokenizer.json", "tokenizer_config.json")
BASE_TOKENS: Final = 512


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A model's folder, and what one token costs in it."""

    name: str
    folder: Path
    max_tokens: int  # of one text
    layers: int
    width: int
    inner: int  # width of the feed-forward layer

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text as the model takes it."""
        tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER[0]))
        tokenizer.enable_truncation(self.max_tokens)
        tokenizer.no_padding()
        return [len(one.ids) for one in tokenizer.encode_batch(list(texts))]

    def operations(self, lengths: Sequence[int]) -> float:
        """Return the multiplications and additions of all layers' matrices, padding left out."""
        matrices = 2 * (4 * self.width**2 + 2 * self.width * self.inner)
        return sum(
            self.layers * length * (matrices + 4 * length * self.width) for length in lengths
        )


@contextmanager
def bundled() -> Iterator[Shape]:
    """Yield the bundled sentiment model."""
    yield _shape("bundled", BUNDLED_FOLDER / SLOT)


@contextmanager
def bert_base() -> Iterator[Shape]:
    """Yield a classifier of BERT-base's shape, random weights and the bundled vocabulary."""
    with TemporaryDirectory(prefix="bert-base-") as name:
        folder = Path(name)
        _write_base(folder)
        yield _shape("bert_base", folder)


SHAPES: Final[dict[str, Callable[[], Any]]] = {"bundled": bundled, "bert_base": bert_base}


def _shape(name: str, folder: Path) -> Shape:
    config = orjson.loads((folder / "config.json").read_bytes())
    return Shape(
        name=name,
        folder=folder,
        max_tokens=config["max_position_embeddings"],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        inner=config["intermediate_size"],
    )


def _write_base(folder: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    for file in TOKENIZER:
        shutil.copy(BUNDLED_FOLDER / SLOT / file, folder)
    tokenizer_config = orjson.loads((folder / TOKENIZER[1]).read_bytes())
    tokenizer_config["model_max_length"] = BASE_TOKENS
    (folder / TOKENIZER[1]).write_bytes(orjson.dumps(tokenizer_config))
    words = Tokenizer.from_file(str(folder / TOKENIZER[0])).get_vocab_size()
    torch.manual_seed(0)
    # The defaults of BERT's configuration are the shape of BERT-base.
    config = AutoConfig.for_model(
        "bert", vocab_size=words, max_position_embeddings=BASE_TOKENS, num_labels=2
    )
    create: Any = AutoModelForSequenceClassification.from_config
    create(config).save_pretrained(folder)
