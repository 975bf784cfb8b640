"""Trains the bundled sentiment model on Chinese and English reviews.

    python -m inference.training.sentiment --data DIR --out DIR [--vocabulary DIR]

The word vectors start from a bilingual sentence encoder's, one component from each piece's
polarity; the targets are half the labels and half what a linear model out of fold makes of them,
which softens the wrong labels that shop reviews are full of. A short second stage teaches short
texts and negations, which long reviews alone do not. waimai_10k and the test part of
fdu_mtl are never trained on, and nothing is chosen on them.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from inference.training import linear, readers
from inference.training.encoder import Shape, new_classifier, scaled, size_of
from inference.training.export import save_classifier, save_metrics
from inference.training.loop import (
    SEED,
    Examples,
    Floats,
    Recipe,
    accuracy,
    best_temperature,
    calibration_error,
    logits_of,
    one_hot,
    tokenise,
    train,
)
from inference.training.readers import Labelled
from inference.training.sentiment_check import checked_reviews
from inference.training.sentiment_phrases import phrases
from inference.training.tokenizer import MAX_TOKENS
from inference.training.vocabulary import ensure_vocabulary

LABELS = ("negative", "positive")
SHAPE = Shape(layers=2, width=192, inner=512, dropout=0.1)
RECIPE = Recipe(
    epochs=1.1,
    learning_rate=8e-4,
    embedding_rate=1.5e-3,
    max_tokens=56,
    batch_tokens=2048,
)
LATE_RECIPE = Recipe(
    epochs=1.0,
    learning_rate=3e-4,
    embedding_rate=5e-4,
    max_tokens=64,
    batch_tokens=2048,
    token_dropout=0.0,  # a dropped "not" would be a wrong label
)
LATE_REVIEWS, LATE_PHRASES = 20_000, 10_000
HELD_OUT_SHARE = 0.1
VALIDATION = 700
"""Texts of each source on which the epoch and the temperature are chosen."""
TEACHER_SHARE = 0.5
FOLDS = 3
PHRASES = 4_000
CHECKED = "short reviews checked by hand"
POLARITY_SCALE = 3.0
"""Of the component that holds a piece's polarity, in deviations of the others."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sets:
    """Reviews that are trained on, chosen on and measured on."""

    trained: list[Labelled]
    validation: dict[str, list[Labelled]]
    measured: dict[str, list[Labelled]]


def split(data: Path) -> Sets:
    """Return the sets; no text stands in two of them."""
    chance = random.Random(SEED)  # noqa: S311
    chinese, nlpcc = readers.online_shopping(data), readers.nlpcc(data)
    amazon, fdu = readers.amazon(data), readers.fdu(data, "train")
    for reviews in (chinese, nlpcc, amazon, fdu):
        chance.shuffle(reviews)
    cut = int(len(chinese) * HELD_OUT_SHARE)
    measured = {
        "online_shopping_10_cats": chinese[:cut],
        "fdu_mtl": readers.without(readers.fdu(data, "test"), fdu, amazon),
        "waimai_10k": readers.waimai(data),
    }
    sources = {
        "online_shopping_10_cats": chinese[cut:],
        "nlpcc": nlpcc,
        "amazon": amazon,
        "fdu": fdu,
    }
    validation = {name: reviews[:VALIDATION] for name, reviews in sources.items()}
    rest = [one for reviews in sources.values() for one in reviews[VALIDATION:]]
    trained = readers.without(rest, *measured.values(), *validation.values())
    return Sets(trained, validation, measured)


@dataclass(frozen=True)
class Prepared:
    """Token ids of all sets, and what linear models say of the training texts."""

    train: Examples
    validation: dict[str, Examples]
    measured: dict[str, Examples]
    polarity: Floats
    floors: dict[str, float]


def prepare(tokenizer: PreTrainedTokenizerFast, sets: Sets) -> Prepared:
    """Tokenise, fit the teacher out of fold and the floor, and add the written phrases."""

    def examples(reviews: list[Labelled], limit: int | None = MAX_TOKENS) -> Examples:
        ids = tokenise(tokenizer, [one.text for one in reviews], limit)
        return Examples(ids, one_hot([one.label for one in reviews], len(LABELS)))

    reviews = examples(sets.trained, None)
    pieces = len(tokenizer)
    matrix = linear.features(reviews.ids, pieces)
    soft = linear.out_of_fold(matrix, reviews.labels, FOLDS, SEED)
    _LOG.info("teacher out of fold: %.2f", accuracy(soft, reviews.labels))
    parts = {**sets.measured, CHECKED: checked_reviews()}
    measured = {name: examples(part) for name, part in parts.items()}
    floors = _floors(linear.fit(matrix, reviews.labels), pieces, measured)
    targets = TEACHER_SHARE * soft + (1 - TEACHER_SHARE) * reviews.targets
    written = examples(phrases(PHRASES, SEED))
    trained = Examples(reviews.ids + written.ids, np.concatenate([targets, written.targets]))
    validation = {name: examples(part) for name, part in sets.validation.items()}
    polarity = linear.polarity(matrix[:, :pieces], reviews.labels)
    return Prepared(trained, validation, measured, polarity, floors)


def late_examples(tokenizer: PreTrainedTokenizerFast, reviews: list[Labelled]) -> Examples:
    """Return what the end of training is for: short texts, beside reviews against forgetting."""
    kept = random.Random(SEED).sample(reviews, LATE_REVIEWS)  # noqa: S311
    kept += phrases(LATE_PHRASES, SEED + 1)
    ids = tokenise(tokenizer, [one.text for one in kept], None)
    return Examples(ids, one_hot([one.label for one in kept], len(LABELS)))


def _floors(model: linear.Linear, pieces: int, sets: dict[str, Examples]) -> dict[str, float]:
    rows = {
        name: accuracy(model.probabilities(linear.features(one.ids, pieces)), one.labels)
        for name, one in sets.items()
    }
    _LOG.info("linear model on the same pieces and pairs: %s", rows)
    return rows


def starting_vectors(pieces: Floats, polarity: Floats) -> Floats:
    """Return [vocabulary, 128]: the sentence encoder's components, the last one polarity's."""
    vectors = scaled(pieces)
    vectors[:, -1] = POLARITY_SCALE * polarity / polarity.std()
    return vectors


class Keeper:
    """Remembers, and writes, the weights that were best on the mean of the validation sets."""

    def __init__(
        self,
        model: Any,
        tokenizer: PreTrainedTokenizerFast,
        validation: dict[str, Examples],
        folder: Path,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._validation = validation
        self._folder = folder
        self._best = 0.0
        self.weights: dict[str, Any] = {}
        self.step = 0

    def after(self, step: int) -> None:
        """Measure, and keep the weights where they are the best."""
        figures = {
            name: accuracy(logits_of(self._model, one.ids), one.labels)
            for name, one in self._validation.items()
        }
        mean = sum(figures.values()) / len(figures)
        _LOG.info("step %d, mean %.2f, %s", step, mean, figures)
        if mean >= self._best:
            self._best, self.step = mean, step
            state = self._model.state_dict()
            self.weights = {name: one.detach().clone() for name, one in state.items()}
            save_classifier(self._model, self._tokenizer, self._folder, 1.0)


def main() -> None:
    """Train, keep the best, calibrate, measure once, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, default=Path(".shopstreams/vocabulary"))
    parser.add_argument("--epochs", type=float, default=RECIPE.epochs)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    began = time.monotonic()
    tokenizer, pieces = ensure_vocabulary(arguments.data, arguments.vocabulary)
    sets = split(arguments.data)
    prepared = prepare(tokenizer, sets)
    vectors = starting_vectors(pieces, prepared.polarity)
    model = new_classifier(tokenizer, vectors, LABELS, SHAPE)
    keeper = Keeper(model, tokenizer, prepared.validation, arguments.out)
    recipe = Recipe(**{**vars(RECIPE), "epochs": arguments.epochs})
    train(model, prepared.train, recipe, keeper.after)
    model.load_state_dict(keeper.weights)
    train(model, late_examples(tokenizer, sets.trained), LATE_RECIPE, lambda _: None)
    figures = measure(model, prepared)
    save_classifier(model, tokenizer, arguments.out, figures["temperature"])
    minutes = round((time.monotonic() - began) / 60, 1)
    save_metrics(arguments.out, {**figures, "parameters": size_of(model), "minutes": minutes})
    _LOG.info("%s", figures)


def measure(model: Any, prepared: Prepared) -> dict[str, Any]:
    """Return temperature and figures."""
    valid = list(prepared.validation.values())
    logits = np.concatenate([logits_of(model, one.ids) for one in valid])
    temperature = best_temperature(logits, np.concatenate([one.labels for one in valid]))
    figures: dict[str, Any] = {"temperature": temperature, "trained_on": len(prepared.train)}
    for name, one in prepared.measured.items():
        rows = logits_of(model, one.ids)
        figures[name] = {
            "texts": len(one),
            "accuracy": accuracy(rows, one.labels),
            "calibration_error": calibration_error(rows, one.labels, temperature),
            "linear_on_the_same_texts": prepared.floors[name],
        }
    return figures


if __name__ == "__main__":
    main()
