"""What divides a classifier's logits, so that its probabilities mean what they say.

`temperature` in config.json: a number, or one for each language beside that for the others,
`{"default": 1.0, "en": 0.9, "zh": 1.2}`. transformers itself leaves it alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from inference.errors import ModelError
from inference.messages import Floats
from inference.tasks.language import guess_language
from schemas.base import Language

DEFAULT: Final = "default"


@dataclass(frozen=True, kw_only=True)
class Temperatures:
    """Temperatures above 0."""

    default: float = 1.0
    by_language: Mapping[Language, float] = field(default_factory=dict)  # where it is another

    def of(self, text: str) -> float:
        """Return the text's; its language is looked at only where that matters."""
        if not self.by_language:
            return self.default
        return self.by_language.get(guess_language(text), self.default)

    def column(self, texts: Iterable[str]) -> Floats:
        """Return the texts' [texts, 1], to divide logits [texts, labels] by."""
        return np.array([[self.of(text)] for text in texts], dtype=np.float32)

    def as_config(self) -> float | dict[str, float]:
        """Return what stands in config.json."""
        if not self.by_language:
            return self.default
        named = {language.value: value for language, value in self.by_language.items()}
        return {DEFAULT: self.default, **named}


def read_temperatures(value: object, name: str) -> Temperatures:
    """Return what config.json of the model `name` says; raises `ModelError`."""
    if not isinstance(value, Mapping):
        return Temperatures(default=_number(value, name))
    numbers = {str(key): _number(one, name) for key, one in value.items()}
    default = numbers.pop(DEFAULT, 1.0)
    unknown = sorted(set(numbers).difference(Language))
    if unknown:
        raise ModelError(
            f"temperature in config.json of {name!r} names {unknown[0]!r}, which is not told "
            f"apart: it takes {', '.join(Language)} and {DEFAULT}"
        )
    return Temperatures(
        default=default, by_language={Language(key): one for key, one in numbers.items()}
    )


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ModelError(f"temperature in config.json of {name!r} is no number above 0")
    return float(value)
