"""From a shop's chats to what an encoder is trained on: what is read, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.files.columns import Columns
from inference.files.errors import ColumnError, DataError
from inference.training.data.exchanges import (
    MOST_HELD,
    Exchange,
    ExchangesRequest,
    load_exchanges,
    parted,
    read_exchanges,
    unfolded,
)
from inference.training.data.losses import by_reason


def chats(path: Path, count: int = 60) -> Path:
    rows = [f"question {n},answer {n}" for n in range(count)]
    return csv(path, *rows)


def csv(path: Path, *rows: str, header: str = "question,reply") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def turns(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_a_question_and_its_reply(tmp_path: Path) -> None:
    found = read_exchanges(csv(tmp_path / "a.csv", "where <br>is it?,on  its way"), Columns())
    assert found.exchanges == [Exchange(("where is it?",), "on its way", "a.csv, line 2")]


def test_of_a_conversation_the_last_turns_that_say_something(tmp_path: Path) -> None:
    path = turns(tmp_path / "a.jsonl", {"turns": ["a", "b", "", "c", "  ", "d"], "reply": "e"})
    found = read_exchanges(path, Columns()).exchanges[0]
    assert found.turns == ("a", "b", "c", "d")
    assert found.late == ("b", "c", "d")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [({"turn": "question"}, "no field 'turn'"), ({"turns": "chat"}, "no column 'chat'")],
)
def test_what_is_mapped_is_there(tmp_path: Path, mapping: dict[str, str], said: str) -> None:
    path = csv(tmp_path / "a.csv", "where is it,on its way")
    with pytest.raises(ColumnError, match=said):
        read_exchanges(path, Columns(renamed=mapping))


def test_a_conversation_holds_exchanges() -> None:
    one = Exchange(("where is it", "ok", "on its way", "when"), "tomorrow", "a.jsonl, line 1")
    assert [(part.turns, part.reply) for part in unfolded([one])] == [
        (one.turns, "tomorrow"),
        (("where is it", "ok"), "on its way"),
        (("where is it", "ok", "on its way"), "when"),
    ]


def test_what_is_held_out_is_in_no_conversation_that_is_trained_on(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"turns": [f"question {n}"], "reply": f"answer {n}"} for n in range(60)
    ]
    rows += [{"turns": [f"question {n}", "then", "more of it"], "reply": "end"} for n in range(60)]
    data = load_exchanges(ExchangesRequest(files=(turns(tmp_path / "a.jsonl", *rows),)))
    held = {one.asked for one in [*data.validation, *data.test]}
    assert not held & {one.asked for one in data.train}
    assert len(data.train) > 96


def test_other_names_of_columns(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "where?,here", header="asked,said")
    columns = Columns(renamed={"question": "asked", "reply": "said"})
    assert read_exchanges(path, columns).exchanges[0].reply == "here"
    with pytest.raises(ColumnError, match=r"it has asked, said\. Say which they are with --map"):
        read_exchanges(path, Columns())


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = chats(tmp_path / "a.csv")
    with path.open("a", encoding="utf-8") as file:
        file.write("no reply,\n,no question\nQuestion 3,answer  3\nquestion 3,another answer\n")
    data = load_exchanges(ExchangesRequest(files=(path,)))
    assert by_reason(data.losses) == {
        "without reply": 1,
        "without text": 1,
        "with a text that stands there before": 1,
    }
    assert len(data.train) + len(data.validation) + len(data.test) == 61
    with pytest.raises(DataError, match="3 rows would be left out"):
        load_exchanges(ExchangesRequest(files=(path,), strict=True))


def test_a_file_of_mostly_bad_rows_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", *(f"question {n}," for n in range(9)), "question,answer")
    with pytest.raises(DataError, match=r"9 of the 10 rows of .* cannot be used"):
        read_exchanges(path, Columns())


def test_too_few_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are too few"):
        load_exchanges(ExchangesRequest(files=(chats(tmp_path / "a.csv", 12),)))


def test_a_question_is_in_one_part() -> None:
    exchanges = [Exchange((f"question {n % 40}",), f"answer {n}", "") for n in range(200)]
    rest, part = parted(exchanges, 0.1, 17)
    assert len(part) == 20
    assert len(rest) == 180
    assert not {one.asked for one in rest} & {one.asked for one in part}
    assert parted(exchanges, 0.1, 17) == (rest, part)
    assert parted(exchanges, 0.1, 18) != (rest, part)


def test_a_part_is_no_larger_than_what_a_reply_is_looked_for_among() -> None:
    exchanges = [Exchange((f"question {n}",), "answer", "") for n in range(20_000)]
    assert len(parted(exchanges, 0.1, 17)[1]) == MOST_HELD


def test_what_is_tested_is_not_trained_on(tmp_path: Path) -> None:
    tested = csv(tmp_path / "test.csv", "Question 7,something else", "question 99,answer 99")
    request = ExchangesRequest(files=(chats(tmp_path / "a.csv"),), test=tested)
    data = load_exchanges(request)
    assert [one.reply for one in data.test] == ["something else", "answer 99"]
    assert by_reason(data.losses) == {"with a text of the test file": 1}
    assert all(one.asked != "question7" for one in [*data.train, *data.validation])
