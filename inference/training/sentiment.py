"""Trains the bundled sentiment model on Chinese and English reviews.

    python -m inference.training.sentiment --data DIR --base DIR --out DIR

It starts from the bilingual encoder of `inference.training.base`. Reviews with stars in the middle
are known for clothes in English alone; the sets of two classes left such reviews out, so that
theirs are negative or positive and nothing else. Short texts, negations and lukewarm phrases,
which long reviews do not teach, are put together of our own parts. waimai_10k and the test parts
are never trained on, and nothing is chosen on them.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

from inference.training import readers
from inference.training.encoder import size_of
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
from inference.training.sentiment_phrases import NEGATIVE, POSITIVE, phrases
from inference.training.transfer import POSITIONS

LABELS = ("negative", "neutral", "positive")
RECIPE = Recipe(
    epochs=2,
    learning_rate=2e-4,
    embedding_rate=5e-4,
    max_tokens=96,
    batch_tokens=3072,
    label_smoothing=0.08,
    dropout_from=24,
    bfloat16=True,
)
DROPOUT = 0.1
MAX_TOKENS = POSITIONS
"""Of a text when it is measured and served: reviews are told at length in English."""
HELD_OUT_SHARE = 0.1
VALIDATION = 500
"""Texts of each source on which the moment and the temperature are chosen."""
PHRASES = 12_000
CHECKED = "short reviews checked by hand"
TWO_CLASSES = (NEGATIVE, POSITIVE)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sets:
    """Reviews that are trained on, chosen on and measured on."""

    trained: list[Labelled]
    validation: dict[str, list[Labelled]]
    measured: dict[str, list[Labelled]]


def split(data: Path) -> Sets:
    """Return the sets; no text stands in two of them."""
    chance = random.Random(SEED)
    chinese, nlpcc = _poles(readers.online_shopping(data)), _poles(readers.nlpcc(data))
    amazon, fdu = _poles(readers.amazon(data)), _poles(readers.fdu(data, "train"))
    clothes = readers.womens_clothing(data, "train")
    for reviews in (chinese, nlpcc, amazon, fdu, clothes):
        chance.shuffle(reviews)
    cut = int(len(chinese) * HELD_OUT_SHARE)
    measured = {
        "online_shopping_10_cats": chinese[:cut],
        "fdu_mtl": readers.without(_poles(readers.fdu(data, "test")), fdu, amazon),
        "waimai_10k": _poles(readers.waimai(data)),
        "womens_clothing": readers.womens_clothing(data, "validation"),
    }
    sources = {
        "online_shopping_10_cats": chinese[cut:],
        "nlpcc": nlpcc,
        "amazon": amazon,
        "fdu": fdu,
        "womens_clothing": clothes,
    }
    validation = {name: reviews[:VALIDATION] for name, reviews in sources.items()}
    rest = [one for reviews in sources.values() for one in reviews[VALIDATION:]]
    trained = readers.without(rest, *measured.values(), *validation.values())
    return Sets(trained, validation, measured)


def _poles(reviews: Iterable[Labelled]) -> list[Labelled]:
    """Return reviews of a set of two classes, 0 and 1, as negative and positive."""
    return [Labelled(one.text, TWO_CLASSES[one.label]) for one in reviews]


def examples_of(
    tokenizer: PreTrainedTokenizerFast, reviews: list[Labelled], limit: int | None = MAX_TOKENS
) -> Examples:
    """Return the reviews as the loop takes them."""
    ids = tokenise(tokenizer, [one.text for one in reviews], limit)
    return Examples(ids, one_hot([one.label for one in reviews], len(LABELS)))


def classes_of(examples: Examples) -> list[int]:
    """Return which classes a set has: two, or three."""
    return sorted(set(examples.labels.tolist()))


class Keeper:
    """Remembers the weights that were best on the mean of the validation sets."""

    def __init__(self, model: Any, validation: dict[str, Examples]) -> None:
        self._model = model
        self._validation = validation
        self._best = 0.0
        self.weights: dict[str, Any] = {}
        self.step = 0

    def after(self, step: int) -> None:
        """Measure, and keep the weights where they are the best."""
        figures = {
            name: right_of(logits_of(self._model, one.ids), one)
            for name, one in self._validation.items()
        }
        mean = sum(figures.values()) / len(figures)
        _LOG.info("step %d, mean %.2f, %s", step, mean, figures)
        if mean >= self._best:
            self._best, self.step = mean, step
            state = self._model.state_dict()
            self.weights = {name: one.detach().clone() for name, one in state.items()}


def right_of(logits: Floats, examples: Examples) -> float:
    """Return the accuracy in percent among the classes that the set has."""
    classes = classes_of(examples)
    return accuracy(logits[:, classes], np.searchsorted(classes, examples.labels))


def main() -> None:
    """Train, keep the best, calibrate, measure once, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=RECIPE.epochs)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    began = time.monotonic()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(arguments.base)
    tokenizer.model_max_length = MAX_TOKENS
    model = new_model(arguments.base)
    sets = split(arguments.data)
    reviews = [*sets.trained, *phrases(PHRASES, SEED)]
    validation = {name: examples_of(tokenizer, part) for name, part in sets.validation.items()}
    keeper = Keeper(model, validation)
    recipe = Recipe(**{**vars(RECIPE), "epochs": arguments.epochs})
    train(model, examples_of(tokenizer, reviews, None), recipe, keeper.after)
    model.load_state_dict(keeper.weights)
    parts = {**sets.measured, CHECKED: checked_reviews()}
    measured = {name: examples_of(tokenizer, part) for name, part in parts.items()}
    figures = measure(model, list(validation.values()), measured)
    save_classifier(model, tokenizer, arguments.out, figures["temperature"])
    told = {"trained_on": len(reviews), "parameters": size_of(model), "step": keeper.step}
    minutes = round((time.monotonic() - began) / 60, 1)
    save_metrics(arguments.out, {**figures, **told, "minutes": minutes})
    _LOG.info("%s", figures)


def new_model(base: Path) -> Any:
    """Return a classifier with the layers of `base` and a new head."""
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
        hidden_dropout_prob=DROPOUT,
        attn_implementation="eager",  # half as fast again as torch's own, for short texts
    )
    return model


def measure(
    model: Any, validation: list[Examples], measured: dict[str, Examples]
) -> dict[str, Any]:
    """Return the temperature, found on the validation sets, and the figures."""
    logits = np.concatenate([logits_of(model, one.ids) for one in validation])
    temperature = best_temperature(logits, np.concatenate([one.labels for one in validation]))
    figures: dict[str, Any] = {"temperature": temperature}
    for name, one in measured.items():
        rows = logits_of(model, one.ids)
        figures[name] = {
            "texts": len(one),
            "accuracy": right_of(rows, one),
            "accuracy_of_three": accuracy(rows, one.labels),
            "calibration_error": calibration_error(rows, one.labels, temperature),
        }
    return figures


if __name__ == "__main__":
    main()
