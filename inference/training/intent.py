"""Trains the bundled intent model on customers' messages in Chinese and English.

    python -m inference.training.intent --data DIR --out DIR [--vocabulary DIR]

The bilingual vectors at the bottom carry what English sets teach over to Chinese, which has no
labelled set: its messages come from `sentences.py`, `sentence_patterns.py` and from rules over
jddc2018_10k.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from inference.tasks.intents import Intent
from inference.training.encoder import Shape, new_classifier, scaled, size_of
from inference.training.export import save_classifier, save_metrics
from inference.training.intent_check import checked_messages
from inference.training.intent_data import Message, chinese, english, limited
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
    softened,
    tokenise,
    train,
)
from inference.training.sentence_patterns import patterned_messages
from inference.training.sentences import dressed, written_messages
from inference.training.vocabulary import ensure_vocabulary

LABELS = tuple(intent.value for intent in Intent)
SHAPE = Shape(layers=2, width=192, inner=512, dropout=0.15)
RECIPE = Recipe(
    epochs=12,
    learning_rate=1e-3,
    embedding_rate=5e-4,
    max_tokens=64,
    batch_tokens=1536,
    label_smoothing=0.05,
    token_dropout=0.12,
)
HELD_OUT_SHARE = 0.08
COPIES = {"written": 5, "patterns": 1}
"""Of our own messages, each copy typed differently."""
MOST_OF_AN_INTENT = 350
"""Of each language's public messages."""
THRESHOLDS = (0.5, 0.7, 0.8)
_LOG = logging.getLogger(__name__)

Split = tuple[list[Message], dict[str, list[Message]]]


def split(data: Path) -> Split:
    """Return the messages that are trained on, and those held out by their source."""
    chance = random.Random(SEED)
    sources = {
        "public English": limited(english(data), MOST_OF_AN_INTENT, chance),
        "weakly labelled Chinese": limited(chinese(data), MOST_OF_AN_INTENT, chance),
        "written": [(text, intent.value) for text, intent in written_messages()],
        "patterns": [(text, intent.value) for text, intent in patterned_messages(chance)],
    }
    checked = {text for text, _ in checked_messages()}
    trained: list[Message] = []
    held_out: dict[str, list[Message]] = {}
    for name, messages in sources.items():
        texts = sorted({text for text, _ in messages})
        away = set(chance.sample(texts, int(len(texts) * HELD_OUT_SHARE)))
        held_out[name] = sorted({one for one in messages if one[0] in away})
        kept = [one for one in messages if one[0] not in away and one[0] not in checked]
        if name in COPIES:
            kept += [(dressed(*one, chance), one[1]) for one in kept * COPIES[name]]
        trained += kept
    return trained, held_out


def examples(tokenizer: PreTrainedTokenizerFast, messages: Sequence[Message]) -> Examples:
    """Return the messages as token ids and classes."""
    ids = tokenise(tokenizer, [text for text, _ in messages], RECIPE.max_tokens)
    return Examples(ids, one_hot([LABELS.index(label) for _, label in messages], len(LABELS)))


def main() -> None:
    """Train, calibrate on what was held out, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, default=Path(".shopstreams/vocabulary"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    began = time.monotonic()
    tokenizer, pieces = ensure_vocabulary(arguments.data, arguments.vocabulary)
    trained, held_out = split(arguments.data)
    model = new_classifier(tokenizer, scaled(pieces), LABELS, SHAPE)
    sets = {name: examples(tokenizer, messages) for name, messages in held_out.items()}

    def after(step: int) -> None:
        _LOG.info("step %d: %s", step, _accuracies(model, sets))
        save_classifier(model, tokenizer, arguments.out, 1.0)

    train(model, examples(tokenizer, trained), RECIPE, after)
    figures = measure(model, tokenizer, sets)
    save_classifier(model, tokenizer, arguments.out, figures["temperature"])
    minutes = round((time.monotonic() - began) / 60, 1)
    about = {"trained_on": len(trained), "parameters": size_of(model), "minutes": minutes}
    save_metrics(arguments.out, {**figures, **about})
    _LOG.info("%s", figures)


def _accuracies(model: Any, sets: dict[str, Examples]) -> dict[str, float]:
    return {name: accuracy(logits_of(model, one.ids), one.labels) for name, one in sets.items()}


def measure(
    model: Any, tokenizer: PreTrainedTokenizerFast, sets: dict[str, Examples]
) -> dict[str, Any]:
    """Return temperature, figures of each set, and the wrong answers of the checked messages.

    The temperature is fitted on what was written and on the weak labels: the templated English
    sets are too easy to tell how sure to be.
    """
    hard = examples(tokenizer, checked_messages())
    fitted = [sets["written"], sets["weakly labelled Chinese"]]
    ids = [one for part in fitted for one in part.ids]
    labels = one_hot([at for part in fitted for at in part.labels], len(LABELS)).argmax(axis=1)
    temperature = best_temperature(logits_of(model, ids), labels)
    rows = logits_of(model, hard.ids)
    wrong = [
        {"text": text, "expected": label, "got": LABELS[int(row.argmax())]}
        for (text, label), row in zip(checked_messages(), rows, strict=True)
        if LABELS[int(row.argmax())] != label
    ]
    return {
        "temperature": temperature,
        "held_out": {
            name: {"texts": len(one), "accuracy": accuracy(logits_of(model, one.ids), one.labels)}
            for name, one in sets.items()
        },
        "checked_by_hand": {
            "texts": len(hard),
            "accuracy": accuracy(rows, hard.labels),
            "calibration_error": calibration_error(rows, hard.labels, temperature),
            "by_language": _by_language(rows, hard),
            "above_threshold": _above(softened(rows, temperature), hard),
            "wrong": wrong,
        },
    }


def _by_language(rows: Floats, messages: Examples) -> dict[str, Any]:
    han = np.array([not text.isascii() for text, _ in checked_messages()])
    return {
        name: {"texts": int(of.sum()), "accuracy": accuracy(rows[of], messages.labels[of])}
        for name, of in (("Chinese", han), ("English", ~han))
    }


def _above(rows: Floats, messages: Examples) -> dict[str, Any]:
    """Return by threshold the share of messages that is answered, and how many of them rightly."""
    sure, right = rows.max(axis=1), rows.argmax(axis=1) == messages.labels
    return {
        str(threshold): {
            "answered": round(100 * float((sure >= threshold).mean()), 1),
            "accuracy_of_those": round(100 * float(right[sure >= threshold].mean()), 1),
        }
        for threshold in THRESHOLDS
    }


if __name__ == "__main__":
    main()
