"""Trains the bundled moderation model: what in a review a shop may not want to print.

    shopstreams compress layers bundled --keep 3 --data REVIEWS --out SHALLOW
    python -m inference.training.moderation --data DIR --pieces-of TEXTS.csv
    shopstreams compress vocabulary SHALLOW --data TEXTS.csv --out BASE
    python -m inference.training.moderation --data DIR --base BASE --out DIR

It starts from three layers of the bundled sentiment model and from those of its pieces that short
texts have: long ones are ordinary reviews, whose rare words tell nothing here.
"""

from __future__ import annotations

import argparse
import csv
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

from inference.models.heads import MANY_LABELS
from inference.tasks.language import guess_language
from inference.training import moderation_data as sets
from inference.training import readers
from inference.training.encoder import size_of
from inference.training.export import save_classifier, save_metrics
from inference.training.loop import (
    SEED,
    Examples,
    Floats,
    Recipe,
    best_temperature,
    logits_of,
    tokenise,
    train,
)
from inference.training.many_labels import of_known, probabilities
from inference.training.moderation_check import checked_sentences
from inference.training.moderation_patterns import LABELS, TOXICITY
from schemas.base import Language
from schemas.masking import find

RECIPE = Recipe(
    epochs=4,
    learning_rate=3e-4,
    embedding_rate=5e-4,
    max_tokens=64,
    batch_tokens=2048,
    token_dropout=0.08,
    bfloat16=True,
)
SHORT = 60
"""Characters of the texts whose pieces stay in the vocabulary."""
HELD_OUT_SHARE = 0.05
MOST_HELD_OUT = 1500
"""Texts of a source; looking at more takes time after each epoch."""
HELD = 0.5
"""Probability from which a label counts, where figures are taken."""
_LOG = logging.getLogger(__name__)

Sets = dict[str, list[sets.Known]]


def split(data: Path) -> tuple[list[sets.Known], Sets]:
    """Return the texts that are trained on, and those held out, by source."""
    chance = random.Random(SEED)
    checked = {text.lower() for text, _ in checked_sentences()}
    ours = [one for one in sets.examples(data, chance) if one.text.lower() not in checked]
    chance.shuffle(ours)
    away = int(len(ours) * HELD_OUT_SHARE)
    trained = [*ours[away:], *sets.cold_examples(data, "train")]
    held_out = {"ours": ours[:away], "cold dev": sets.cold_examples(data, "dev")}
    return trained, {name: texts[:MOST_HELD_OUT] for name, texts in held_out.items()}


def examples(tokenizer: PreTrainedTokenizerFast, texts: Sequence[sets.Known]) -> Examples:
    """Return texts as token ids and what is known of them."""
    ids = tokenise(tokenizer, [one.text for one in texts], RECIPE.max_tokens)
    return Examples(ids, sets.targets_of(texts))


def write_texts(data: Path, path: Path) -> None:
    """Write the short training texts as `shopstreams compress vocabulary` reads them."""
    texts = [one.text for one in split(data)[0] if len(one.text) <= SHORT]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        # The labels are made up: the command measures nothing worth knowing here.
        rows.writerows((text, at % 2) for at, text in enumerate(texts))


def new_model(base: Path) -> tuple[Any, PreTrainedTokenizerFast]:
    """Return a classifier with the encoder in a folder, its head untrained, and the tokenizer."""
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
        num_labels=len(LABELS),
        problem_type=MANY_LABELS,
        ignore_mismatched_sizes=True,
    )
    model.set_attn_implementation("eager")  # half as fast again as torch's own, for short texts
    return model.float(), tokenizer


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pieces-of", type=Path, help="Write the short texts here, and stop.")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.pieces_of:
        write_texts(arguments.data, arguments.pieces_of)
    elif arguments.base and arguments.out:
        make(arguments.data, arguments.base, arguments.out)
    else:
        parser.error("--base and --out are wanted, or --pieces-of")


def make(data: Path, base: Path, out: Path) -> None:
    """Train, calibrate on what was held out, measure, write."""
    began = time.monotonic()
    model, tokenizer = new_model(base)
    trained, held_out = split(data)
    held = {name: examples(tokenizer, texts) for name, texts in held_out.items()}

    def after(step: int) -> None:
        _LOG.info("step %d: %s", step, {n: _right(model, one) for n, one in held.items()})
        save_classifier(model, tokenizer, out, 1.0)

    train(model, examples(tokenizer, trained), RECIPE, after, of_known)
    figures = measure(model, tokenizer, held, data)
    save_classifier(model, tokenizer, out, figures["temperature"])
    minutes = round((time.monotonic() - began) / 60, 1)
    about = {"trained_on": len(trained), "parameters": size_of(model), "minutes": minutes}
    save_metrics(out, {**figures, **about})
    _LOG.info("%s", figures)


def measure(
    model: Any, tokenizer: PreTrainedTokenizerFast, held: dict[str, Examples], data: Path
) -> dict[str, Any]:
    """Return temperature, figures of each set, and the wrong answers of the checked sentences."""
    ids = [one for part in held.values() for one in part.ids]
    targets = np.concatenate([part.targets for part in held.values()])
    temperature = best_temperature(logits_of(model, ids), targets, of_known)
    posts = readers.cold_apart(data, "test")
    tested = logits_of(model, tokenise(tokenizer, [one.text for one in posts], RECIPE.max_tokens))
    is_rude = tested[:, LABELS.index(TOXICITY)] > 0
    return {
        "temperature": temperature,
        "held_out": {name: _right(model, one) for name, one in held.items()},
        "cold_test": {
            "texts": len(posts),
            "accuracy": _percent(is_rude == np.array([one.label == 1 for one in posts])),
        },
        "checked_by_hand": checked(model, tokenizer, temperature),
    }


def checked(model: Any, tokenizer: PreTrainedTokenizerFast, temperature: float) -> dict[str, Any]:
    """Return how the sentences written by hand fare, with the rules for personal data."""
    sentences = checked_sentences()
    ids = tokenise(tokenizer, [text for text, _ in sentences], RECIPE.max_tokens)
    rows = probabilities(logits_of(model, ids), temperature)
    expected = np.array([[label in labels for label in LABELS] for _, labels in sentences])
    by_rule = np.array([bool(find(text)) for text, _ in sentences])
    wrong = [
        {
            "text": text,
            "expected": list(labels),
            "scores": dict(zip(LABELS, row.round(2).tolist(), strict=True)),
        }
        for (text, labels), row in zip(sentences, rows, strict=True)
        if tuple(label for label, score in zip(LABELS, row, strict=True) if score >= HELD) != labels
    ]
    printable = ~expected.any(axis=1)
    return {
        "texts": len(sentences),
        "by_language": _by_language([text for text, _ in sentences], rows, expected),
        "by_label": {
            label: _figures(rows[:, at] >= HELD, expected[:, at]) for at, label in enumerate(LABELS)
        },
        "personal_data_by_rule": _figures(by_rule, expected[:, -1]),
        "personal_data_by_either": _figures(by_rule | (rows[:, -1] >= HELD), expected[:, -1]),
        "printable_held": int((rows[printable] >= HELD).any(axis=1).sum()),
        "printable": int(printable.sum()),
        "wrong": wrong,
    }


def _by_language(texts: Sequence[str], rows: Floats, expected: Any) -> dict[str, Any]:
    held = np.asarray((rows >= HELD).any(axis=1))
    bad = np.asarray(expected.any(axis=1))
    languages = [guess_language(text) for text in texts]
    places = {one: [at for at, its in enumerate(languages) if its is one] for one in Language}
    return {one.value: _figures(held[at], bad[at]) for one, at in places.items()}


def _figures(said: Any, expected: Any) -> dict[str, float]:
    right = int((said & expected).sum())
    return {
        "texts": int(expected.sum()),
        "precision": round(100 * right / max(1, int(said.sum())), 1),
        "recall": round(100 * right / max(1, int(expected.sum())), 1),
    }


def _right(model: Any, one: Examples) -> float:
    """Return the percentage of what is known that is right."""
    said, known = logits_of(model, one.ids) > 0, ~np.isnan(one.targets)
    return _percent((said == (one.targets > HELD))[known])


def _percent(right: Any) -> float:
    return round(100 * float(right.mean()), 2)


if __name__ == "__main__":
    main()
