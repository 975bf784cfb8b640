"""From a shop's files to what is trained on: what is read, what is left out, and what is said."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from inference.files.columns import Columns
from inference.files.errors import ColumnError, DataError, FileError
from inference.training.data.cleaning import clean
from inference.training.data.dataset import DataRequest, Dataset, load_dataset
from inference.training.data.labelling import (
    AttributeColumns,
    Labelling,
    ListedLabels,
    NamedLabels,
    SentimentLabels,
)
from inference.training.data.losses import Reason, by_reason, told
from inference.training.data.reading import read_examples

REVIEWS = [(f"good number {n}", 1) for n in range(40)] + [(f"bad number {n}", 0) for n in range(20)]


def csv(path: Path, *rows: str, header: str = "text,label") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def reviews_csv(path: Path, *more: str) -> Path:
    return csv(path, *(f"{text},{label}" for text, label in REVIEWS), *more)


def request(*files: Path, labelling: Labelling | None = None, **more: object) -> DataRequest:
    return DataRequest(files=files, labelling=labelling or SentimentLabels(), **more)  # type: ignore[arg-type]


def parts(data: Dataset) -> list[set[str]]:
    return [{one.text for one in part} for part in (data.train, data.validation, data.test)]


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("<p class='x'>Nice&nbsp;shoes&lt;br/&gt;but &lt;tight&gt;</p>", "Nice shoes but <tight>"),
        ("Ｇｏｏｄ　ｓｈｏｐ", "Good shop"),
        ("好好好好好好好！！！！！！", "好好好!!!"),
        ("it cost 100000 yuan, soooooo much", "it cost 100000 yuan, sooo much"),
        ("zero\u200bwidth\ufeff and\x07 bell", "zerowidth and bell"),
        ("3 < 5 and 7 > 2", "3 < 5 and 7 > 2"),
        ("fine 👨\u200d👩\u200d👧 ❤\ufe0f", "fine 👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("<br>", ""),
    ],
)
def test_cleaning(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.csv.gz", "a.tsv"])
def test_every_format_gives_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [{"text": text, "label": label} for text, label in REVIEWS]
    if name.endswith(".json"):
        path.write_text(json.dumps({"reviews": rows}), encoding="utf-8")
    elif name.endswith(".jsonl"):
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        apart = "\t" if "tsv" in name else ","
        lines = [f"text{apart}label", *(f"{text}{apart}{label}" for text, label in REVIEWS)]
        content = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = read_examples(path, Columns(), SentimentLabels())
    names = {1: "positive", 0: "negative"}
    assert [(one.text, one.labels) for one in found.examples] == [
        (text, (names[label],)) for text, label in REVIEWS
    ]
    assert not found.losses


def test_parts_are_stratified_apart_and_the_same_again(tmp_path: Path) -> None:
    path = reviews_csv(tmp_path / "a.csv")
    data, again = load_dataset(request(path)), load_dataset(request(path))
    train, validation, test = parts(data)
    assert len(train | validation | test) == len(REVIEWS)
    assert len(train) + len(validation) + len(test) == len(REVIEWS)
    assert Counter(one.labels[0] for one in data.test) == {"positive": 4, "negative": 2}
    assert data.digest == again.digest
    assert load_dataset(request(path, seed=5)).digest != data.digest
    assert data.labels == ("negative", "positive")


def test_doubles_and_contradictions_are_left_out_and_told(tmp_path: Path) -> None:
    path = reviews_csv(tmp_path / "a.csv", "Good  NUMBER 1,1", "bad number 3,1")
    data = load_dataset(request(path))
    assert by_reason(data.losses) == {Reason.DUPLICATE: 1, Reason.CONTRADICTION: 2}
    assert not any("bad number 3" in part for part in parts(data))
    assert any("a.csv, line 62" in sentence for sentence in told(data.losses))


def test_texts_of_the_test_file_are_not_trained_on(tmp_path: Path) -> None:
    path = reviews_csv(tmp_path / "a.csv")
    test = csv(tmp_path / "test.csv", "GOOD number 7,1", "something new,0")
    data = load_dataset(request(path, test=test))
    train, validation, measured = parts(data)
    assert "good number 7" not in train | validation
    assert measured == {"GOOD number 7", "something new"}
    assert by_reason(data.losses) == {Reason.LEAK: 1}


def test_what_is_left_out_of_the_test_file_is_told(tmp_path: Path) -> None:
    path = reviews_csv(tmp_path / "a.csv")
    good = [f"new number {n},{n % 2}" for n in range(20)]
    test = csv(tmp_path / "test.csv", *good, "no label here,", "new number 0,0")
    data = load_dataset(request(path, test=test))
    assert [(one.reason, one.place) for one in data.losses] == [
        (Reason.NO_LABEL, "test.csv, line 22"),
        (Reason.DUPLICATE, "test.csv, line 23"),
    ]
    with pytest.raises(DataError, match=r"2 rows would be left out.*test\.csv, line 22"):
        load_dataset(request(path, test=test, strict=True))


@pytest.mark.parametrize(("count", "held_out"), [(3, 0), (4, 0), (5, 1), (6, 2)])
def test_a_rare_label_is_not_held_out_until_nothing_is_left(
    tmp_path: Path, count: int, held_out: int
) -> None:
    rare = [f"so so number {n},3" for n in range(count)]
    often = [f"{text},{1 + 4 * label}" for text, label in REVIEWS]
    data = load_dataset(request(csv(tmp_path / "a.csv", *often, *rare)))
    away = [one for one in (*data.validation, *data.test) if one.labels == ("neutral",)]
    assert len(away) == held_out
    assert "neutral" in data.labels


def test_one_broken_row_in_many_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"text {n}", "label": n % 2}) for n in range(1000)]
    rows[617] = '{"text": "cut off'
    path = tmp_path / "a.jsonl"
    path.write_text("\n\n".join(rows), encoding="utf-8")
    data = load_dataset(request(path))
    assert told(data.losses) == [
        "1 rows broken (the first: a.jsonl, line 1235: it is no JSON object)"
    ]
    with pytest.raises(DataError, match=r"1 rows would be left out.*a\.jsonl, line 1235"):
        load_dataset(request(path, strict=True))


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("one, two, three", Reason.BROKEN, "3 cells where the header has 2"),
        (",1", Reason.NO_TEXT, ""),
        ("no label here,", Reason.NO_LABEL, ""),
        ("a strange one,lukewarm", Reason.UNKNOWN_LABEL, ""),
        ("&nbsp;<br>,1", Reason.NO_TEXT, ""),
    ],
)
def test_each_kind_of_bad_row(tmp_path: Path, row: str, reason: Reason, said: str) -> None:
    path = reviews_csv(tmp_path / "a.csv", row)
    data = load_dataset(request(path))
    assert [(one.reason, one.place) for one in data.losses] == [(reason, "a.csv, line 62")]
    assert said in data.losses[0].detail
    with pytest.raises(DataError, match="strict"):
        load_dataset(request(path, strict=True))


def test_a_quote_that_is_not_closed_does_not_swallow_rows_unseen(tmp_path: Path) -> None:
    rows = [f"{text},{label}" for text, label in REVIEWS * 12]
    rows[30] = f'"{rows[30]}'
    path = csv(tmp_path / "a.csv", *rows)
    with pytest.raises(DataError, match=r"a\.csv, line 32: it spans 690 lines: a quote"):
        load_dataset(request(path, strict=True))


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ((), DataError, r"a\.csv has no rows"),
        (("fine,1", "also fine,1"), DataError, "each of the 2 rows .* is 'positive'"),
        (("fine,1", "not fine,0"), DataError, "2 rows are too few|too few"),
        (("a,x", "b,y", "c,z"), DataError, r"3 of the 3 rows .* cannot be used.*--map"),
    ],
)
def test_what_nothing_can_be_trained_on(
    tmp_path: Path, rows: tuple[str, ...], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        load_dataset(request(csv(tmp_path / "a.csv", *rows), test_share=0.0))


def test_a_missing_column_says_what_is_there(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "fine,5", header="review,stars")
    with pytest.raises(ColumnError, match=r"a\.csv has a text and label; it has review, stars"):
        load_dataset(request(path))
    columns = Columns(renamed={"text": "review", "label": "stars"})
    found = read_examples(path, columns, SentimentLabels())
    assert found.examples[0].labels == ("positive",)


def test_mixed_encodings_name_the_line(tmp_path: Path) -> None:
    path = reviews_csv(tmp_path / "a.csv")
    path.write_bytes(path.read_bytes() + "很好,1\n".encode() + "很差,0\n".encode("gb18030"))
    with pytest.raises(FileError, match="line 63 is not UTF-8"):
        load_dataset(request(path))


def test_several_files_each_with_its_own_scale(tmp_path: Path) -> None:
    stars = csv(tmp_path / "stars.csv", "superb,5", "awful,1", "so so,3", "so so too,3", "meh,3")
    data = load_dataset(request(reviews_csv(tmp_path / "a.csv"), stars, test_share=0.0))
    assert data.labels == ("negative", "neutral", "positive")
    assert data.sources == ("a.csv", "stars.csv")


def test_attributes_as_lists_and_as_columns(tmp_path: Path) -> None:
    listed = tmp_path / "a.jsonl"
    rows = [
        {"text": "you idiot", "labels": ["insult", "toxicity"]},
        {"text": "add me", "labels": "spam"},
        {"text": "add me, idiot", "labels": "spam|insult"},
        {"text": "nice", "labels": []},
        {"text": "fine", "labels": "none"},
    ]
    listed.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    found = read_examples(listed, Columns(), ListedLabels())
    names = [("insult", "toxicity"), ("spam",), ("insult", "spam"), (), ()]
    assert [one.labels for one in found.examples] == names
    columns = csv(tmp_path / "b.csv", "you idiot,1,0", "nice,0,0", header="text,toxic,spam")
    given = Columns(renamed={"toxicity": "toxic"})
    found = read_examples(columns, given, AttributeColumns(["toxicity", "spam"]))
    assert [one.labels for one in found.examples] == [("toxicity",), ()]


@pytest.mark.parametrize(("labels", "said"), [([], "no row .* any attribute"), (["spam"], "each")])
def test_attributes_that_teach_nothing(tmp_path: Path, labels: list[str], said: str) -> None:
    path = tmp_path / "a.jsonl"
    rows = [json.dumps({"text": f"text {n}", "labels": labels}) for n in range(9)]
    path.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        load_dataset(request(path, labelling=ListedLabels()))


def test_a_label_of_the_test_file_that_training_never_saw(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", *(f"text {n},{'ab'[n % 2]}" for n in range(20)))
    test = csv(tmp_path / "test.csv", "a text,c")
    with pytest.raises(DataError, match=r"test\.csv, line 2: no row .* has the label 'c'"):
        load_dataset(request(path, labelling=NamedLabels(), test=test))


PAIRS = [
    *(f"text number {n},{aspect},{n % 2}" for n in range(30) for aspect in ("zip", "colour")),
    "Text NUMBER 3,ZIP,1",
    "text number 5,zip,0",
    "text number 7,,1",
]


def test_the_same_text_may_be_asked_about_twice(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", *PAIRS, header="text,aspect,label")
    data = load_dataset(request(path, second="aspect"))
    assert by_reason(data.losses) == {
        Reason.NO_TEXT: 1,
        Reason.DUPLICATE: 1,
        Reason.CONTRADICTION: 2,
    }
    assert data.losses[0].detail == "no aspect"
    assert len(data.train) + len(data.validation) + len(data.test) == 59
    assert {one.second for one in data.test} == {"zip", "colour"}


def test_what_is_asked_about_one_text_stays_together(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", *PAIRS, header="text,aspect,label")
    train, validation, test = parts(load_dataset(request(path, second="aspect")))
    assert not train & validation | train & test | validation & test


def test_texts_of_the_test_file_are_not_asked_about_otherwise(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", *PAIRS, header="text,aspect,label")
    test = csv(tmp_path / "b.csv", "text number 9,price,0", "new,zip,1", header="text,aspect,label")
    data = load_dataset(request(path, test=test, second="aspect"))
    assert by_reason(data.losses)[Reason.LEAK] == 2
    assert "text number 9" not in {one.text for one in (*data.train, *data.validation)}


def test_the_second_text_is_part_of_the_data(tmp_path: Path) -> None:
    rows = [f"text number {n},zip,{n % 2}" for n in range(20)]
    one = csv(tmp_path / "a.csv", *rows, header="text,aspect,label")
    other = csv(tmp_path / "b.csv", *rows[:-1], "text number 19,lid,1", header="text,aspect,label")
    digests = {load_dataset(request(path, second="aspect")).digest for path in (one, other)}
    assert len(digests) == 2


def test_a_mapping_of_what_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\ngood,1\n", encoding="utf-8")
    given = [
        ({"txt": "text"}, "--map: there is no field 'txt': did you mean 'text'?"),
        ({"text": "nope"}, "reviews.csv has no column 'nope'; it has text, label"),
    ]
    for renamed, said in given:
        with pytest.raises(ColumnError, match=re.escape(said)):
            read_examples(path, Columns(renamed=renamed), SentimentLabels())
