from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.files import json_stream
from inference.files.columns import Columns, parse_pairs, parse_time
from inference.files.errors import ColumnError, FileError
from inference.files.readers import read_rows
from schemas.base import Message
from schemas.codec import Decoder
from schemas.events import OrderEvent, QueryEvent, ReviewEvent
from schemas.reference import CatalogueItem, KnowledgeEntry
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.replay.accuracy import accuracy
from streams.replay.events import (
    CATALOGUE,
    KNOWLEDGE,
    ORDERS,
    QUERIES,
    REVIEWS,
    Kind,
    Recipe,
    Record,
    fields_of,
    records,
)
from streams.replay.orders import gather

MODELS: dict[str, type[Message]] = {
    "reviews": ReviewEvent,
    "queries": QueryEvent,
    "orders": OrderEvent,
    "catalogue": CatalogueItem,
    "knowledge": KnowledgeEntry,
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def fields(file: Path) -> list[dict[str, Any] | None]:
    return [row.fields for row in read_rows(file)]


def sent(file: Path, kind: Kind, mapping: str = "", constants: str = "") -> list[Record]:
    columns = Columns(
        renamed=parse_pairs([mapping] if mapping else [], "--map"),
        constants=parse_pairs([constants] if constants else [], "--set"),
    )
    return list(records(read_rows(file), Recipe(kind=kind, columns=columns)))


def values(found: list[Record]) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for record in found]


ROWS = [{"text": "好", "label": "1"}, {"text": 'say "no"', "label": "0"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", 'text,label\n好,1\n"say ""no""",0\n'),
        ("r.csv", 'text,label\r\n好,1\r\n"say ""no""",0\r\n'),
        ("r.tsv", 'text\tlabel\n好\t1\nsay "no"\t0\n'),
        ("r.csv", 'text;label\n好;1\n"say ""no""";0\n'),
        ("r.jsonl", '{"text":"好","label":"1"}\n\n{"text":"say \\"no\\"","label":"0"}'),
        ("r.json", '{"text":"好","label":"1"}\n{"text":"say \\"no\\"","label":"0"}\n'),
        ("r.json", json.dumps(ROWS)),
        ("r.json", json.dumps({"reviews": ROWS}, indent=2)),
        ("r.json", json.dumps({"by": ["us"], "n": {"a": [1]}, "reviews": ROWS, "more": 1})),
        ("r", json.dumps(ROWS, ensure_ascii=False)),
        ("r.txt", '__label__1 "好"\n__label__0 "say ""no"""\n'),
    ],
)
@pytest.mark.parametrize("dressed", ["plain", "gzip", "mark"])
def test_formats_are_told_apart(tmp_path: Path, name: str, content: str, dressed: str) -> None:
    data = content.encode()
    if dressed == "mark":
        data = b"\xef\xbb\xbf" + data
    if dressed == "gzip":
        data, name = gzip.compress(data), name + ".gz"
    assert fields(write(tmp_path, name, data)) == ROWS


def test_a_line_of_a_text_file_is_a_row(tmp_path: Path) -> None:
    file = write(tmp_path, "m.txt", "[a] one, two\n\n{b}\n")
    assert fields(file) == [{"text": "[a] one, two"}, {"text": "{b}"}]


def test_a_cell_may_hold_lines_and_blank_cells_are_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", 'a,b,\n"1\n2", ,x\n3\n')
    assert fields(file) == [{"a": "1\n2", "b": None}, {"a": "3"}]


def test_broken_json_lines_are_rows_as_they_are(tmp_path: Path) -> None:
    file = write(tmp_path, "r.jsonl", '{"text":"a"}\n{"text":\n[1]\n')
    assert [record.value for record in sent(file, REVIEWS)][1:] == [b'{"text":', b"[1]"]


def test_the_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", b"text\nok\n\xc4\xe3\n")
    with pytest.raises(FileError, match=r"line 3 is not UTF-8 .*iconv"):
        fields(file)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.csv", b"", "is empty"),
        ("r.csv.gz", gzip.compress(b"text\n" + b"a\n" * 9999)[:-9], "breaks off after line"),
        ("r.json", b'[{"text": "a"},\n{"text" "b"}]', "malformed in what begins at line 2"),
        ("r.json", b'[{"text": "a"}', "malformed"),
        ("r.json", b'{"a": 1, "b": [1]}', "holds no list of objects"),
    ],
)
def test_files_that_cannot_be_read_are_said(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(FileError, match=said):
        fields(write(tmp_path, name, content))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read .*No such file"):
        fields(tmp_path / "no.csv")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=20), st.integers(min_value=1, max_value=40))
def test_an_array_in_pieces_is_the_array(array: list[Any], size: int) -> None:
    text = json.dumps(array)
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    before = json_stream._GROW_CHARS
    json_stream._GROW_CHARS = size
    try:
        items = [item for _line, item in json_stream.array_items(Path("a.json"), pieces)]
        assert items == array
    finally:
        json_stream._GROW_CHARS = before


def test_missing_columns_are_named_with_what_there_is(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", "cat,label,review\nx,1,y\n")
    with pytest.raises(
        ColumnError, match=r"no column text; it has cat, label, review.*--map text="
    ):
        sent(file, REVIEWS)


def test_made_ids_are_stable_and_the_label_is_not_sent(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", "label,review\n1,good\n0,bad\n")
    found = sent(file, REVIEWS, "text=review")
    assert [record.label for record in found] == ["1", "0"]
    assert [record.key for record in found] == [b"row-1", b"row-2"]
    assert "label" not in values(found)[0]
    assert values(found)[1]["review_id"] == values(found)[1]["product_id"] == "row-2"


def test_ids_that_the_file_has_are_not_made_where_a_row_lacks_one(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", "user_id,text\nu1,good\n,bad\n")
    second = sent(file, REVIEWS)[1]
    assert second.key is None
    assert "user_id" not in json.loads(second.value or b"")


def test_a_message_without_user_is_keyed_by_its_session(tmp_path: Path) -> None:
    file = write(tmp_path, "q.csv", "user_id,session_id,text\nu1,s1,a\n,s2,b\n")
    assert [record.key for record in sent(file, QUERIES)] == [b"u1", b"s2"]


ORDER_MAP = (
    "order_id=InvoiceNo,user_id=CustomerID,product_id=StockCode,quantity=Quantity,"
    "unit_price=UnitPrice,created_at=InvoiceDate"
)


def test_rows_of_an_order_are_gathered(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "o.csv",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,A,a lamp,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        "C2,B,a cup,-1,12/1/2010 8:26,3,17851,UK\n"
        "1,B,a cup,2,2010-12-01 08:26:00,3.39,17850,UK\n",
    )
    found = sent(file, ORDERS, ORDER_MAP, "currency=GBP")
    by_key = {record.key: json.loads(record.value or b"") for record in found}
    assert by_key[b"17850"] == {
        "order_id": "1",
        "user_id": "17850",
        "created_at": "2010-12-01T08:26:00+00:00",
        "currency": "GBP",
        "status": "placed",
        "items": [
            {"product_id": "A", "quantity": 6, "unit_price": 2.55},
            {"product_id": "B", "quantity": 2, "unit_price": 3.39},
        ],
    }
    assert by_key[b"17851"]["status"] == "returned"


def test_orders_need_a_currency(tmp_path: Path) -> None:
    file = write(tmp_path, "o.csv", "product_id,quantity,unit_price\nA,1,2\n")
    with pytest.raises(ColumnError, match="--set currency=EUR"):
        sent(file, ORDERS)


def test_whole_orders_pass_as_they_are(tmp_path: Path) -> None:
    order = {"order_id": "1", "user_id": "u", "items": "broken", "currency": "EUR"}
    found = values(sent(write(tmp_path, "o.jsonl", json.dumps(order)), ORDERS))
    assert found[0]["items"] == "broken"


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=60), st.integers(1, 10))
def test_gathering_holds_few_rows_and_loses_none(ids: list[int], most: int) -> None:
    rows = ({"order_id": n, "product_id": i} for i, n in enumerate(ids))
    gathered = list(gather(rows, max_open_rows=most))
    items = sorted(item["product_id"] for order in gathered for item in order["items"])
    assert items == list(range(len(ids)))


def test_a_product_is_sent_once_under_its_most_frequent_title(tmp_path: Path) -> None:
    file = write(tmp_path, "c.csv", "StockCode,Description\nA,LAMP\nA,\nB,CUP\nA,LAMP\nA,damaged\n")
    found = values(sent(file, CATALOGUE, "product_id=StockCode,title=Description"))
    assert found == [{"product_id": "A", "title": "LAMP"}, {"product_id": "B", "title": "CUP"}]


def test_keys_that_are_no_text_break_nothing(tmp_path: Path) -> None:
    rows = [{"product_id": ["a"], "title": "x"}, {"product_id": {"b": 1}, "title": "y"}]
    assert len(sent(write(tmp_path, "c.json", json.dumps(rows)), CATALOGUE)) == 2


def test_what_cannot_be_written_as_it_was_is_sent_escaped(tmp_path: Path) -> None:
    file = write(tmp_path, "r.json", '[{"text": "\\ud83d", "n": 123456789012345678901234}]')
    assert b"\\ud83d" in (sent(file, REVIEWS)[0].value or b"")


@pytest.mark.parametrize(
    ("kind", "name", "content", "constants"),
    [
        (REVIEWS, "r.csv", "text,rating\ngood,5\n", ""),
        (QUERIES, "q.txt", "where is my parcel\n", ""),
        (ORDERS, "o.csv", "product_id,quantity,unit_price\nA,1,2.5\n", "currency=GBP"),
        (CATALOGUE, "c.csv", "product_id,title,price,available\nA,Lamp,2,no\n", "currency=GBP"),
        (KNOWLEDGE, "k.json", '{"questions":[{"question":"a?","answer":"b"}]}', ""),
    ],
)
def test_what_is_made_of_a_plain_file_is_valid(
    tmp_path: Path, kind: Kind, name: str, content: str, constants: str
) -> None:
    record = sent(write(tmp_path, name, content), kind, constants=constants)[0]
    Decoder(MODELS[kind.topic_id]).decode(record.value)


def test_all_of_a_file_may_ask_for_an_explanation(tmp_path: Path) -> None:
    (record,) = sent(write(tmp_path, "r.csv", "text\ngood\n"), REVIEWS, constants="explain=true")
    assert Decoder(ReviewEvent).decode(record.value).explain is True
    assert b'"explain":true' in (record.value or b"")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2010-12-01 08:26:00", "2010-12-01T08:26:00+00:00"),
        ("2010-12-01T08:26:00+08:00", "2010-12-01T08:26:00+08:00"),
        ("12/1/2010 8:26", "2010-12-01T08:26:00+00:00"),
        ("12/1/10 8:26", "2010-12-01T08:26:00+00:00"),
        ("25/12/2010", "2010-12-25T00:00:00+00:00"),
        ("2010/12/01 08:26", "2010-12-01T08:26:00+00:00"),
        ("01.12.2010 08:26", "2010-12-01T08:26:00+00:00"),
        ("2010年12月01日", "2010-12-01T00:00:00+00:00"),
        ("1 Dec 2010", "2010-12-01T00:00:00+00:00"),
        ("12/1/2010 8:26 PM", "2010-12-01T20:26:00+00:00"),
        ("1291191960", "1291191960"),
        ("soon", "soon"),
    ],
)
def test_times_in_common_forms(text: str, moment: str) -> None:
    assert parse_time(text) == moment


def test_numbers_are_parsed_only_where_they_look_like_numbers(tmp_path: Path) -> None:
    file = write(tmp_path, "r.csv", "text,rating\n5,five\n5, 4 \n")
    assert [(v["text"], v["rating"]) for v in values(sent(file, REVIEWS))] == [
        ("5", "five"),
        ("5", 4),
    ]


@pytest.mark.parametrize("wrong", ["text", "text=", "=review", "a=b,,c=d"])
def test_malformed_mappings_are_said(wrong: str) -> None:
    with pytest.raises(ColumnError, match="--map takes NAME=VALUE"):
        parse_pairs([wrong], "--map")


@settings(max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_survives_csv(texts: list[str]) -> None:
    import csv
    import io
    import tempfile

    kept = [text.replace("\r", " ").replace("\x00", "") for text in texts]
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["text", "n"], *([text, "1"] for text in kept)])
    data = buffer.getvalue().encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as name:
        found = fields(write(Path(name), "r.csv", data))
    assert [row["text"] if row else row for row in found] == [
        t if t.strip() else None for t in kept
    ]


def test_accuracy_asks_only_for_labels_that_the_file_knows() -> None:
    judged: dict[tuple[str, tuple[str, ...]], int] = {
        ("1", ("positive", "neutral", "negative")): 3,
        ("0", ("neutral", "negative", "positive")): 2,
        ("0", ("neutral", "positive", "negative")): 1,
    }
    assert accuracy(judged) == round(5 / 6, 4)
    assert accuracy({}) is None


@pytest.mark.parametrize(
    ("truth", "others", "label"),
    [
        ("0", ["1", "-1"], "neutral"),
        ("0", ["1"], "negative"),
        ("1", ["3", "5"], "negative"),
        ("5.0", ["1"], "positive"),
        ("4星", [], "positive"),
        ("Positive", ["Joy"], "positive"),
        ("joy", ["Positive"], "Joy"),
        ("9", ["1"], None),
    ],
)
def test_accuracy_knows_the_usual_scales(truth: str, others: list[str], label: str | None) -> None:
    labels = ("negative", "neutral", "positive", "Joy")
    rankings = {one: (one, *(other for other in labels if other != one)) for one in labels}
    missed: dict[tuple[str, tuple[str, ...]], int] = {(other, ()): 0 for other in others}
    found = {name: accuracy({(truth, rankings[name]): 1} | missed) for name in labels}
    assert found[label] == 1.0 if label else not any(found.values())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--map", "txt=text"], "--map: there is no field 'txt': did you mean 'text'?"),
        (
            ["--set", "prodct_id=1"],
            "--set: there is no field 'prodct_id': did you mean 'product_id'",
        ),
        (["--map", "text=nope"], "the file has no column 'nope'; it has text, label"),
        (["--map", "rating=stars"], "the file has no column 'stars'; it has text, label"),
    ],
)
def test_a_mapping_of_what_is_not_there_is_said(
    tmp_path: Path, option: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "reviews.csv", "text,label\ngood,1\n")
    assert run_command(app, ["replay", "reviews", str(file), *option]) == 1
    assert said in capsys.readouterr().err


def test_fields_are_those_of_events_and_of_their_rows() -> None:
    assert {"text", "label"} <= fields_of(REVIEWS)
    assert {"items", "currency", "product_id", "unit_price"} <= fields_of(ORDERS)
    assert "label" not in fields_of(ORDERS)


def test_rows_of_json_may_lack_what_is_mapped(tmp_path: Path) -> None:
    file = write(tmp_path, "r.jsonl", '{"text": "a"}\n{"text": "b", "note": 1}\n')
    assert len(values(sent(file, REVIEWS, mapping="rating=stars"))) == 2
