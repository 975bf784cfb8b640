"""One tokenizer for both languages: a unigram model (Kudo, 2018) whose pieces are words.

The pieces are chosen here and not by expectation maximisation: the commonest words of each
language, what follows a Chinese negation or adverb of degree together with it, parts of English
words, every common Han character, punctuation and emoji. A piece's score is the logarithm of its
frequency in its own language, so that the best path is that of a dictionary segmenter: Chinese
words are single pieces, sequences are short and each piece means something.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from inference.extras import segmenter

Mark = tuple[str, int | None]
"""A token that is put beside texts, and its id."""

MAX_TOKENS: Final = 128
SPECIAL: Final = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}

_HAN_CHARACTERS: Final = 4_600
_HAN_WORDS: Final = 6_200
_HAN_PHRASES: Final = 1_100
_WORDS: Final = 6_700
_PARTS: Final = 2_000
_OTHERS: Final = 400
_SEEN_CHARACTERS: Final = 1_000
"""Of each text; models see no more of it."""
_PHRASE_STARTS: Final = frozenset(
    [
        "不",
        "没",
        "没有",
        "太",
        "很",
        "非常",
        "不是",
        "无",
        "别",
        "不能",
        "不会",
        "挺",
        "还",
        "比较",
        "有点",
        "真",
        "蛮",
        "超",
        "好",
        "特别",
        "不太",
        "不够",
        "毫无",
        "从来",
        "不要",
    ]
)
_LONGEST_PHRASE: Final = 4
_HAN: Final = re.compile("[\u4e00-\u9fff]+")
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)*")
_OTHER: Final = re.compile("[^\u4e00-\u9fff\\sa-z]")
_EMOJI: Final = (
    "😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩😘😗😚😙😋😛😜🤪😝🤑🤗🤭🤫🤔🤐🤨😐😑😶😏😒🙄😬🤥😌😔😪🤤😴😷🤒🤕🤢🤮🤧🥵🥶🥴😵🤯"
    "🤠🥳😎🤓🧐😕😟🙁☹😮😯😲😳🥺😦😧😨😰😥😢😭😱😖😣😞😓😩😫🥱😤😡😠🤬😈👿💀☠💩🤡👻👽🤖😺😻💋💌💘💝💖💗💓💞💕💟"
    "💔❤🧡💛💚💙💜🖤🤍💯💢💥💫💦💨💣💬💤👋🤚✋👌✌🤞🤟🤘👈👉👆👇☝👍👎✊👊👏🙌🤲🤝🙏💪🌹🌸🎉🎊🎁🔥⭐🌟✨⚡☀🌈🍀🐶🐱"
    "📦🚚🚀💰💸🛒🏠📱💻👗👟👕🍎🍔🍕🍜☕🍺✅❌❗❓‼⁉♥☺"
)
_RUNS: Final = (
    "...",
    "。。",
    "。。。",
    "!!",
    "!!!",
    "??",
    "???",
    "~~",
    "--",
    ":)",
    ":(",
    ";)",
    "……",
    ",,",
)
_HIRAGANA_AND_SIGNS: Final = "、。《》【】「」“”‘’—…·~@#$%^&*()_+-=[]{}|\\;:'\",.<>/?!`¥€£°×÷→←↑↓"
_FLOOR: Final = 1e-7


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer made from texts; it puts a text between [CLS] and [SEP]."""
    counts = _Counts(normaliser())
    for text in texts:
        counts.add(text[:_SEEN_CHARACTERS])
    pieces = counts.pieces()
    vocabulary = [(token, 0.0) for token in SPECIAL.values()]
    vocabulary += sorted(pieces.items(), key=lambda pair: (-pair[1], pair[0]))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=1, byte_fallback=False))
    return wrapped(tokenizer)


def wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return the tokenizer with normalisation, template and special tokens."""
    tokenizer.normalizer = normaliser()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    begin, end = ((SPECIAL[name], tokenizer.token_to_id(SPECIAL[name])) for name in ("cls", "sep"))
    tokenizer.post_processor = _template(begin, end)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MAX_TOKENS,
        clean_up_tokenization_spaces=False,
        **{f"{name}_token": token for name, token in SPECIAL.items()},
    )


def mark_pairs(tokenizer: Any) -> None:
    """Have two texts marked as BERT's are, where a tokenizer marks one text so and two not."""
    one, two = (tokenizer.num_special_tokens_to_add(pair=pair) for pair in (False, True))
    begin = tokenizer.cls_token, tokenizer.cls_token_id
    end = tokenizer.sep_token, tokenizer.sep_token_id
    if two <= one and tokenizer("")["input_ids"] == [begin[1], end[1]]:
        tokenizer.backend_tokenizer.post_processor = _template(begin, end)


def _template(begin: Mark, end: Mark) -> processors.TemplateProcessing:
    """Return what puts these two around a text, and one between two texts."""
    (first, _), (last, _) = begin, end
    return processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[begin, end],
    )


def normaliser() -> normalizers.Normalizer:
    """Return what every text goes through: one width and case, one way to put blanks.

    A blank stands before each Latin word and nowhere else: between Han, beside Han and before
    punctuation ("good ," and "do n't" of tokenised sets) there is none.
    """
    replaced = (
        (r"[\p{Cc}\s]+", " "),
        (r"[\p{Cf}\x{FE0F}\x{1F3FB}-\x{1F3FF}]", ""),
        (r"''|``", '"'),
        (r"[’‘´]", "'"),
        (r" +(?=n't)", ""),
        (r" +(?=[^\p{L}\p{N}])", ""),
        (r"(?<=[^a-z]) +(?=\p{Han})", ""),
        (r"(?<=\p{Han}) +", ""),
        (r"(?<![a-z']) *(?=[a-z])", " "),
        (r" +(?=[^a-z])", ""),
    )
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            *(normalizers.Replace(Regex(pattern), by) for pattern, by in replaced),
        ]
    )


class _Counts:
    """Frequencies of what may become a piece."""

    def __init__(self, normalise: normalizers.Normalizer) -> None:
        self._normalise = normalise
        self._han: Counter[str] = Counter()
        self._phrases: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._latin: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count one text."""
        jieba = segmenter("a vocabulary of Chinese words")
        plain = self._normalise.normalize_str(text)
        self._latin.update(_WORD.findall(plain))
        self._others.update(_OTHER.findall(plain))
        for run in _HAN.findall(plain):
            words = jieba.lcut(run, HMM=False)
            self._characters.update(run)
            self._han.update(word for word in words if len(word) > 1)
            self._phrases.update(_phrases(words))

    def pieces(self) -> dict[str, float]:
        """Return the pieces with the logarithms of their frequencies."""
        han = Counter(dict(self._han.most_common(_HAN_WORDS)))
        han.update(dict(self._phrases.most_common(_HAN_PHRASES)))
        han.update(dict(self._characters.most_common(_HAN_CHARACTERS)))
        han.update(dict.fromkeys(_common_han(), 1))
        latin = Counter({f"▁{word}": n for word, n in self._latin.most_common(_WORDS)})
        signs = Counter(dict(self._others.most_common(_OTHERS)))
        signs.update(dict.fromkeys((*_EMOJI, *_RUNS, *_HIRAGANA_AND_SIGNS, *"0123456789▁"), 1))
        scores = _word_parts(self._latin)
        for counter in (signs, latin, han):
            scores.update(_logarithms(counter))
        return scores


def _phrases(words: list[str]) -> Iterator[str]:
    for first, second in pairwise(words):
        if first in _PHRASE_STARTS and len(first) + len(second) <= _LONGEST_PHRASE:
            yield first + second


def _common_han() -> Iterator[str]:
    """Yield the 3,755 characters of the first level of GB 2312, the standard's common ones."""
    for row in range(0xB0, 0xD8):
        for cell in range(0xA1, 0xFF):
            yield from bytes((row, cell)).decode("gb2312", errors="ignore")


def _word_parts(words: Counter[str]) -> dict[str, float]:
    """Return parts that any English word can be put together from, with their scores."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=_PARTS,
        special_tokens=[SPECIAL["unk"]],
        unk_token=SPECIAL["unk"],
        max_piece_length=10,
    )
    tokenizer.train_from_iterator((word for word, n in words.items() if n > 1), trainer)
    letters = "abcdefghijklmnopqrstuvwxyz'"
    parts = {part: math.log(_FLOOR) for part in (*letters, *(f"▁{one}" for one in letters))}
    trained = [
        part for part in tokenizer.get_vocab() if part != SPECIAL["unk"] and part not in parts
    ]
    return {**parts, **dict.fromkeys(trained, math.log(_FLOOR) + 2)}


def _logarithms(counts: Counter[str]) -> dict[str, float]:
    total = sum(counts.values())
    return {piece: math.log(max(n / total, _FLOOR)) for piece, n in counts.items()}
