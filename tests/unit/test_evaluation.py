"""Figures beside accuracy: intervals, calibration, mistakes, attributes and the floor."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from inference.errors import GoldLabelError
from inference.evaluation.attributes import attribute_report, attributes_of, truths_of
from inference.evaluation.calibration import calibration, threshold_for
from inference.evaluation.figures import confusion, macro_f1
from inference.evaluation.floor import fit_floor, grams
from inference.evaluation.intervals import of_confusion, of_rows
from inference.evaluation.mistakes import Mistake, attribute_mistakes, mistakes
from inference.evaluation.plots import plot_confusion, plot_reliability
from inference.evaluation.report import Report, judge
from inference.evaluation.run import EvaluationRequest, run
from inference.files.errors import ColumnError, DataError
from inference.testing import fake_model
from streams.cli.failures import run_command
from tests.toys.tiny_bert import make_tiny_bert

LABELS = ("negative", "positive")
PNG = b"\x89PNG"


def labelled(path: Path, count: int = 40, start: int = 0) -> Path:
    words = ("差 bad", "好 good")
    rows = [
        json.dumps({"text": f"{words[n % 2]} {n}", "label": n % 2}, ensure_ascii=False)
        for n in range(start, start + count)
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_an_interval_holds_the_figure_and_shrinks_with_texts() -> None:
    few = np.array([[40, 10], [10, 40]])
    low, high = of_confusion(few, macro_f1)
    assert low < macro_f1(few) < high
    closer = of_confusion(few * 100, macro_f1)
    assert closer[1] - closer[0] < (high - low) / 5
    right = np.tile([True, True, True, True, False], 20)
    by_rows = of_rows(100, lambda at: float(right[at].mean()))
    by_cells = of_confusion(few, lambda counts: float(np.trace(counts)) / 100)
    np.testing.assert_allclose(by_rows, by_cells, atol=0.03)


def test_macro_f1_counts_the_labels_of_the_file_alone() -> None:
    counts = confusion(np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert macro_f1(counts) == pytest.approx((2 / 3 + 1) / 2)


def test_calibration_is_the_distance_of_confidence_and_truth() -> None:
    sure = np.array([0.95] * 10 + [0.55] * 10)
    right = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    found = calibration(sure, right)
    assert found.ece == pytest.approx(0.05)
    assert [one.n for one in found.bins] == [10, 10]


@pytest.mark.parametrize(
    ("precision", "threshold"), [(1.0, 0.8), (0.75, 0.6), (0.5, 0.5), (0.99, 0.8)]
)
def test_the_threshold_is_the_least_that_keeps_the_precision(
    precision: float, threshold: float
) -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5])
    right = np.array([True, True, False, True, True, False])
    assert threshold_for(sure, right, precision) == threshold


def test_no_threshold_keeps_what_the_surest_break() -> None:
    assert threshold_for(np.array([0.9, 0.5]), np.array([False, True]), 0.9) is None


def test_mistakes_come_the_surest_first() -> None:
    rows = np.array([[0.9, 0.1], [0.4, 0.6], [0.01, 0.99]], dtype=np.float32)
    judged = judge(rows, LABELS, ["positive", "negative", "positive"])
    found = mistakes(judged, ["a", "b", "c"], ["line 1", "line 2", "line 3"])
    assert [(one.place, one.gold, one.found) for one in found] == [
        ("line 1", "positive", "negative"),
        ("line 2", "negative", "positive"),
    ]
    assert found[0].sure == pytest.approx(0.9)


def test_figures_of_attributes() -> None:
    labels = [("insult",), (), ("insult", "spam"), ("spam",)]
    names = attributes_of(labels, ["threat", "insult", "spam"])
    assert names == ["insult", "spam"]
    rows = np.array([[0.9, 0.1], [0.7, 0.2], [0.8, 0.9], [0.1, 0.2]], dtype=np.float32)
    truths = truths_of(labels, names)
    figures = attribute_report(rows, truths, names, 1.0, fake_model("moderation", names))
    assert figures.exact == 0.5
    insult = figures.per_attribute["insult"]
    assert (insult.precision, insult.recall) == (0.6667, 1.0)
    assert figures.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2, abs=1e-3)
    wrong = attribute_mistakes(rows, truths, names, list("abcd"), list("1234"))
    assert [(one.gold, one.found) for one in wrong] == [
        ("spam", "no spam"),
        ("no insult", "insult"),
    ]
    with pytest.raises(GoldLabelError, match="row 3"):
        attributes_of(labels, ["insult"])


def test_grams_are_characters_of_chinese_and_words_of_english() -> None:
    assert grams("很 好!") == ["很", "好", "!", "很好", "好!", "很好!"]
    assert grams("Don't buy!") == ["don't", "buy", "!", "don't buy", "buy !"]


def test_the_floor_learns() -> None:
    texts = [f"{word} {n}" for n in range(20) for word in ("很好", "很差")]
    floor = fit_floor(texts, ["positive", "negative"] * 20)
    rows = floor.rows(["这个很好", "真的差"])
    assert floor.labels == LABELS
    assert rows.argmax(axis=1).tolist() == [1, 0]
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)


def test_a_run_measures_model_and_floor_on_the_same_texts(tmp_path: Path) -> None:
    model = str(make_tiny_bert(tmp_path / "tiny"))
    file, train = labelled(tmp_path / "a.jsonl", 20), labelled(tmp_path / "b.jsonl", 60, start=10)
    outcome = run(EvaluationRequest(slot="sentiment", model=model, file=file, floor=train))
    assert outcome.leaked == 10
    assert outcome.floor is not None
    assert (outcome.report.n, outcome.floor.n) == (20, 20)
    assert outcome.floor.macro_f1 == 1.0


def test_a_floor_without_a_label_of_the_file(tmp_path: Path) -> None:
    model = str(make_tiny_bert(tmp_path / "tiny"))
    train = tmp_path / "b.csv"
    train.write_text("text,label\nsplendid,1\nsuperb,1\n", encoding="utf-8")
    request = EvaluationRequest(
        slot="sentiment", model=model, file=labelled(tmp_path / "a.jsonl"), floor=train
    )
    with pytest.raises(DataError, match=r"b\.csv has no example of negative"):
        run(request)


def test_a_floor_of_other_columns_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    train = tmp_path / "b.csv"
    train.write_text("review,stars\nsplendid,1\n", encoding="utf-8")
    request = EvaluationRequest(
        slot="sentiment", model="./none", file=labelled(tmp_path / "a.jsonl"), floor=train
    )
    with pytest.raises(ColumnError, match=r"b\.csv has a text and label; it has review, stars"):
        run(request)


def test_intents_may_be_numbers(tmp_path: Path) -> None:
    names = ("0", "1", "7")
    model = make_tiny_bert(
        tmp_path / "tiny", id2label={str(at): name for at, name in enumerate(names)}
    )
    for name in ("a.csv", "b.csv"):
        rows = [f"{name} {'好差了'[n % 3] * 9} {n},{names[n % 3]}" for n in range(30)]
        (tmp_path / name).write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    request = EvaluationRequest(
        slot="intent", model=str(model), file=tmp_path / "a.csv", floor=tmp_path / "b.csv"
    )
    outcome = run(request)
    assert isinstance(outcome.report, Report)
    assert isinstance(outcome.floor, Report)
    assert set(outcome.report.per_class) == set(outcome.floor.per_class) == set(names)
    assert outcome.floor.accuracy == 1.0


def test_the_command_writes_figures_mistakes_and_plots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from streams.cli.app import app

    model = make_tiny_bert(tmp_path / "tiny")
    file = labelled(tmp_path / "a.jsonl")
    out = tmp_path / "out"
    arguments = ["evaluate", "sentiment", str(file), "--model", str(model)]
    arguments += ["--json", f"{out}.json", "--errors", f"{out}.jsonl", "--plots", str(out)]
    assert run_command(app, arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(Path(f"{out}.json").read_text(encoding="utf-8"))
    lines = Path(f"{out}.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == round(40 * (1 - printed["accuracy"]))
    assert {path.read_bytes()[:4] for path in out.glob("*.png")} == {PNG}


def test_figures_for_a_person(tmp_path: Path) -> None:
    from streams.cli.figures import show

    model = str(make_tiny_bert(tmp_path / "tiny"))
    outcome = run(
        EvaluationRequest(slot="sentiment", model=model, file=labelled(tmp_path / "a.jsonl"))
    )
    steering = Mistake(place="x", gold="[red]", found="b", sure=1.0, text="a\x1b[2Jb\nc")
    outcome.mistakes.insert(0, steering)
    out = io.StringIO()
    show(outcome, Console(file=out, width=100))
    shown = out.getvalue()
    assert "macro-F1" in shown
    assert "b, and the file says [red] x" in shown
    assert "a\\x1b[2Jb c" in shown


def test_plots_of_any_figures(tmp_path: Path) -> None:
    found = calibration(np.array([0.9, 0.2]), np.array([True, False]))
    plot_reliability(found, tmp_path / "a.png", "a")
    plot_confusion({"退货": {"退货": 1}}, tmp_path / "b.png", "b")
    assert (tmp_path / "a.png").read_bytes()[:4] == (tmp_path / "b.png").read_bytes()[:4] == PNG
