"""Which words moved a score: words whole, weights with the right sign, pages that run nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from inference.errors import ModelError
from inference.explaining.occlusion import MOST_WORDS, explain
from inference.explaining.page import page
from inference.explaining.words import Vocabulary, by_dictionary, pieces
from inference.messages import Floats, Item
from inference.testing import fake_model


@dataclass(frozen=True)
class Encoded:
    text: str
    length: int = 1


class Counter:
    """Likes `good` and 很好, dislikes `broken`, and nothing else matters."""

    def __init__(self) -> None:
        self.info = replace(fake_model("sentiment", ("negative", "positive")))
        self.asked: list[str] = []

    def prepare(self, items: Sequence[Item]) -> list[Encoded]:
        self.asked += [str(item) for item in items]
        return [Encoded(str(item)) for item in items]

    def forward(self, batch: Sequence[Encoded]) -> Floats:
        liked = np.array(
            [
                1.0 + 2 * ("good" in one.text) + 2 * ("很好" in one.text) - ("broken" in one.text)
                for one in batch
            ]
        )
        positive = 1 / (1 + np.exp(-liked))
        return np.stack([1 - positive, positive], axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't  buy!!", ["don't", "buy", "!!"]),
        ("质量很好,not bad", ["质量", "很", "好", ",", "not", "bad"]),
        ("iPhone手机壳", ["iPhone", "手机", "壳"]),
        ("😀 ok", ["😀", "ok"]),
    ],
)
def test_words_are_whole_and_nothing_is_lost(text: str, words: list[str]) -> None:
    cut = list(pieces(text, by_dictionary))
    assert "".join(piece.text for piece in cut) == text
    found = [piece.text for piece in cut if piece.is_word]
    assert found == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("质量很好,not bad", ["质量", "很好", ",", "not", "bad"]),
        ("iPhone手机壳", ["iPhone", "手机", "壳"]),
        ("没有异味\u3400", ["没有异味", "\u3400"]),
    ],
)
def test_the_bundled_vocabulary_keeps_words_and_negations_whole(
    text: str, words: list[str]
) -> None:
    cut = list(pieces(text, Vocabulary()))
    assert "".join(piece.text for piece in cut) == text
    assert [piece.text for piece in cut] == [text[one.start : one.end] for one in cut]
    assert [piece.text for piece in cut if piece.is_word] == words


def test_words_for_and_against() -> None:
    explanation = explain(Counter(), "a good zip, broken <b>")
    weights = {part.text: part.weight for part in explanation.parts}
    assert explanation.label == "positive"
    assert weights["good"] == pytest.approx(2, abs=1e-3)
    assert weights["broken"] == pytest.approx(-1, abs=1e-3)
    assert weights["zip"] == 0
    assert "".join(part.text for part in explanation.parts) == "a good zip, broken <b>"
    against = explain(Counter(), "good, broken", label="negative")
    assert {part.text: part.weight > 0 for part in against.parts}["broken"]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("good zip broken", ["zip broken", "good broken", "good zip"]),
        ("good, zip", [", zip", "good zip", "good,"]),
        ("质量很好", ["很好", "质量好", "质量很"]),
        ("a\n b", ["b", "a"]),
    ],
)
def test_a_text_without_a_word_has_no_doubled_blanks(text: str, asked: list[str]) -> None:
    counter = Counter()
    explain(counter, text)
    assert counter.asked == [text, *asked]


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("good", "angry", "does not know the label 'angry'; it knows negative, positive"),
        (" ", None, "no word"),
        ("a " * (MOST_WORDS + 1), None, "more than 400"),
    ],
)
def test_what_cannot_be_explained(text: str, label: str | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        explain(Counter(), text, label)


def test_a_page_shows_html_as_text() -> None:
    content = page(explain(Counter(), "good <script>alert(1)</script> \"' & broken"), "en")
    assert "<script" not in content
    assert "script" in content
    assert "&lt;" in content
    assert content.count("<mark") == 2
    assert "http" not in content.replace("http-equiv", "")
