"""Readers of the public sets; each yields cleaned texts with their labels."""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_BLANKS = re.compile(r"\s+")
_REVIEW = re.compile(r'<review id="\d+">(.*?)</review>', re.DOTALL)
_STARS = re.compile(r'__label__(-?1|0) "?(.*?)"?')
_STICKER = re.compile(r"#E-[a-z]?(?:\[数字x\])*")
_PLACEHOLDER = re.compile(
    r"\[(数字|姓名|地址|电话|站点|日期|时间|金额|邮箱|单号|商品|链接)[a-zA-Z]?\]"
)
_FILLED = {
    "数字": "3",
    "姓名": "小王",
    "地址": "北京",
    "站点": "站点",
    "电话": "13800000000",
    "金额": "50",
}
COLD_PARTS = ("train", "dev", "test")
_RETAIL_EXTRAS = frozenset({"POST", "M", "C2", "DOT", "PADS", "BANK CHARGES"})


class Labelled(NamedTuple):
    """A text and its class."""

    text: str
    label: int


class Exchange(NamedTuple):
    """The turns of a conversation, and what was said next."""

    turns: list[str]
    reply: str


class Purchase(NamedTuple):
    """One line of one order."""

    customer: str
    day: str  # ISO date and time, fit for comparing
    product: str
    title: str


def clean(text: str) -> str:
    """Return the text in one line, HTML entities and compatibility characters resolved."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", html.unescape(text))).strip()


def online_shopping(data: Path) -> list[Labelled]:
    """Chinese shop reviews; 0 negative, 1 positive."""
    return _csv_reviews(data / "online_shopping_10_cats/online_shopping_10_cats.csv")


def waimai(data: Path) -> list[Labelled]:
    """Chinese food-delivery reviews; kept for measuring."""
    return _csv_reviews(data / "waimai_10k/waimai_10k.csv")


def nlpcc(data: Path) -> list[Labelled]:
    """Chinese product reviews."""
    reviews = []
    for name, label in (("negative", 0), ("positive", 1)):
        path = data / f"nlpcc2014_zh_reviews/sample.{name}.txt"
        content = path.read_text(encoding="utf-8-sig", errors="replace")
        reviews += [Labelled(clean(text), label) for text in _REVIEW.findall(content)]
    return _unique(reviews)


def amazon(data: Path) -> list[Labelled]:
    """English reviews of five domains."""
    reviews = []
    for folder in sorted((data / "hatn_amazon_raw").iterdir()):
        for name, label in (("review_negative", 0), ("review_positive", 1)):
            if (folder / name).is_file():
                lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
                reviews += [Labelled(clean(line), label) for line in lines]
    return _unique(reviews)


def fdu(data: Path, part: str) -> list[Labelled]:
    """English reviews of 14 domains; `part` is train or test."""
    reviews = []
    for path in sorted((data / "fdu_mtl").glob(f"*.task.{part}")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            label, _, text = line.partition("\t")
            if label in {"0", "1"}:
                reviews.append(Labelled(clean(text), int(label)))
    return _unique(reviews)


def womens_clothing(data: Path, part: str) -> list[Labelled]:
    """English reviews of clothes by stars: 0 negative, 1 neutral, 2 positive.

    `part` is train or validation; the set has no other test.
    """
    content = (data / f"womens_clothing/{part}.csv").read_text(encoding="utf-8")
    found = (_STARS.fullmatch(line) for line in content.splitlines())
    return _unique(Labelled(clean(one[2]), int(one[1]) + 1) for one in found if one)


def cold(data: Path, part: str) -> list[Labelled]:
    """Chinese posts about groups of people: 1 is offensive; `part` is one of `COLD_PARTS`."""
    with (data / f"cold/{part}.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [Labelled(clean(row["TEXT"]), int(row["label"])) for row in csv.DictReader(lines)]
    return _unique(rows)


def cold_apart(data: Path, part: str) -> list[Labelled]:
    """The posts of a part that stand in none of the other parts: some stand in two."""
    return without(cold(data, part), *(cold(data, one) for one in COLD_PARTS if one != part))


def bitext(data: Path) -> list[tuple[str, str]]:
    """English support queries with the intents of their set."""
    return _csv_pairs(data / "bitext_intents/train.csv", "utterance", "intent")


def hint3(data: Path, shop: str) -> list[tuple[str, str]]:
    """Messages of one shop's chat with the intents of that shop."""
    return _csv_pairs(data / f"hint3/{shop}_train.csv", "sentence", "label")


def clinc(data: Path, parts: Iterable[str] = ("train", "oos_train")) -> list[tuple[str, str]]:
    """Assistant queries with their intents, those out of scope among them."""
    content = json.loads((data / "clinc150/data_full.json").read_text(encoding="utf-8"))
    return [(clean(text), intent) for part in parts for text, intent in content[part]]


def banking(data: Path, part: str = "train") -> list[tuple[str, str]]:
    """Bank customers' questions with their intents; `part` is train or test."""
    return _csv_pairs(data / f"banking77/{part}.csv", "text", "category")


def shop_questions(data: Path) -> list[str]:
    """Questions of an English shop's help page, without intents."""
    path = data / "ecommerce_faq/Ecommerce_FAQ_Chatbot_dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return [clean(entry["question"]) for entry in content["questions"]]


def jddc_turns(data: Path) -> list[str]:
    """Chinese shop chat, single turns of customers and staff alike."""
    content = (data / "jddc2018_10k/trainQuestions.txt").read_text(encoding="utf-8")
    turns = (_filled(turn) for line in content.splitlines() for turn in line.split(","))
    return list(dict.fromkeys(turn for turn in turns if turn))


def jddc_edge_turns(data: Path) -> list[str]:
    """Chinese shop chat, the first and the last turns: those are customers' own."""
    content = (data / "jddc2018_10k/trainQuestions.txt").read_text(encoding="utf-8")
    turns = (
        _filled(line.rstrip(",").split(",")[at]) for line in content.splitlines() for at in (0, -1)
    )
    return list(dict.fromkeys(turn for turn in turns if turn))


def jddc(data: Path, part: str) -> list[Exchange]:
    """Chinese shop chats with the next reply; `part` is train or dev."""
    questions, answers = (
        (data / f"jddc2018_10k/{part}{side}.txt").read_text(encoding="utf-8").split("\n")
        for side in ("Questions", "Answers")
    )
    return [
        Exchange(
            [_filled(turn) for turn in asked.rstrip(",").split(",")], _filled(said.rstrip(","))
        )
        for asked, said in zip(questions, answers, strict=True)
        if _filled(said.rstrip(","))
    ]


def online_retail(data: Path) -> list[Purchase]:
    """Purchases by known customers in the order of their time, without returns and postage."""
    path = data / "online_retail/online_retail.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if _is_purchase(row)]
    purchases = [
        Purchase(
            row["CustomerID"].split(".")[0],
            row["InvoiceDate"],
            row["StockCode"],
            clean(row["Description"]),
        )
        for row in rows
    ]
    return sorted(purchases, key=lambda purchase: purchase.day)


def without(texts: Iterable[Labelled], *known: Iterable[Labelled]) -> list[Labelled]:
    """Return the texts that stand in none of `known`, compared without case and blanks."""
    seen = {_folded(one.text) for part in known for one in part}
    return [one for one in texts if _folded(one.text) not in seen]


def _filled(turn: str) -> str:
    """Return a turn of JDDC with what stands for numbers and names filled in, stickers gone."""
    plain = _STICKER.sub("", turn)
    return clean(_PLACEHOLDER.sub(lambda found: _FILLED.get(found[1], ""), plain))


def _csv_reviews(path: Path) -> list[Labelled]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [(row["review"] or "", row["label"]) for row in csv.DictReader(lines)]
    return _unique(Labelled(clean(text), int(label)) for text, label in rows)


def _csv_pairs(path: Path, text: str, label: str) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [(clean(row[text]), row[label]) for row in csv.DictReader(lines) if row[text]]


def _is_purchase(row: dict[str, str]) -> bool:
    return (
        bool(row["CustomerID"])
        and not row["InvoiceNo"].startswith("C")
        and row["StockCode"] not in _RETAIL_EXTRAS
        and float(row["Quantity"]) > 0
        and float(row["UnitPrice"]) > 0
        and bool(row["Description"])
    )


def _unique(reviews: Iterable[Labelled]) -> list[Labelled]:
    return list({_folded(one.text): one for one in reviews if one.text}.values())


def _folded(text: str) -> str:
    return text.lower().replace(" ", "")


def all_texts(data: Path) -> Iterator[str]:
    """Yield every text that the vocabulary is made from.

    No text of a set's test part is among them, but for those that stand in its training part too;
    the tenth of online_shopping_10_cats that is measured is, without its labels.
    """
    for reviews in (online_shopping(data), nlpcc(data), amazon(data), fdu(data, "train")):
        yield from (one.text for one in reviews)
    yield from (text for text, _ in bitext(data))
    yield from (text for text, _ in clinc(data))
    yield from jddc_turns(data)
    yield from sorted({purchase.title for purchase in online_retail(data)}) * TITLE_WEIGHT


TITLE_WEIGHT = 3
"""Titles are few and short; without weight their words would be cut into pieces."""
