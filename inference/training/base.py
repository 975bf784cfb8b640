"""Makes the bilingual encoder that the bundled classifiers start from.

    python -m inference.training.base --data DIR --out DIR [--vocabulary DIR]

MiniLM's layers under bilingual pieces (`transfer.py`), then masked-language modelling (Devlin et
al., 2019) on the training texts, Chinese ones twice: they are what the layers have never seen. No
text of a set that is kept for measuring is among them.
"""

from __future__ import annotations

import argparse
import logging
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast

from inference.training import readers
from inference.training.loop import (
    ORDINARY,
    SEED,
    Ids,
    Recipe,
    collate,
    fit,
    stretch,
    tokenise,
)
from inference.training.sentiment import split
from inference.training.transfer import carried_encoder, transferred
from inference.training.vocabulary import ensure_vocabulary

RECIPE = Recipe(
    epochs=1,
    learning_rate=3e-4,
    embedding_rate=1e-3,
    max_tokens=56,
    batch_tokens=3072,
    warm_up=0.05,
    weight_decay=0.01,
)
ENGLISH_REVIEWS, CHAT_TURNS = 14_000, 15_000
MASKED = 0.18
"""Share of the pieces that are to be guessed."""
BLANKED, KEPT = 0.8, 0.1
"""Of those, the share that is blanked, and that which stays; the rest becomes any piece."""


def texts_to_read(data: Path) -> list[str]:
    """Return the texts, Chinese reviews twice."""
    chance = random.Random(SEED)
    reviews = [one.text for one in split(data).trained]
    chinese = [text for text in reviews if is_chinese(text)]
    english = [text for text in reviews if not is_chinese(text)]
    turns = chance.sample(readers.jddc_turns(data), CHAT_TURNS)
    posts = [one.text for one in readers.cold_apart(data, "train")]
    return chinese * 2 + turns + posts + chance.sample(english, ENGLISH_REVIEWS)


def is_chinese(text: str) -> bool:
    """Return whether a text has a Han character."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def read_masked(model: Any, tokenizer: PreTrainedTokenizerFast, ids: list[Ids]) -> None:
    """Train the model to guess masked pieces, once through the texts."""

    def loss_of(batch: Sequence[int], chance: random.Random) -> torch.Tensor:
        given, mask = collate([stretch(ids[at], RECIPE.max_tokens, chance) for at in batch])
        return _loss(model, tokenizer, given, mask)

    fit(model, [len(one) for one in ids], RECIPE, loss_of, lambda _: None)


def _loss(
    model: Any, tokenizer: PreTrainedTokenizerFast, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    wanted = (torch.rand(ids.shape) < MASKED) & (ids >= ORDINARY) & mask.bool()
    lot = torch.rand(ids.shape)
    blank, other = wanted & (lot < BLANKED), wanted & (lot >= BLANKED + KEPT)
    given = ids.masked_fill(blank, int(tokenizer.mask_token_id))
    given[other] = torch.randint(ORDINARY, len(tokenizer), (int(other.sum()),))
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.bert(given, attention_mask=mask).last_hidden_state
        # The head sees the wanted places alone: it is a fifth of the work otherwise wasted.
        guesses = model.cls(hidden[wanted])
    return cross_entropy(guesses.float(), ids[wanted])


def main() -> None:
    """Transfer, read, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, default=Path(".shopstreams/vocabulary"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    tokenizer, pieces = ensure_vocabulary(arguments.data, arguments.vocabulary)
    model = transferred(tokenizer, pieces, carried_encoder())
    model.set_attn_implementation("eager")  # half as fast again as torch's own, for short texts
    read_masked(model, tokenizer, tokenise(tokenizer, texts_to_read(arguments.data), None))
    model.bert.save_pretrained(arguments.out)
    tokenizer.save_pretrained(arguments.out)


if __name__ == "__main__":
    main()
