"""A model's figures for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.evaluation.attributes import AttributeReport
from inference.evaluation.report import Report
from streams.cli.printable import harmless

if TYPE_CHECKING:
    from inference.evaluation.figures import ClassFigures
    from inference.evaluation.mistakes import Mistake
    from inference.evaluation.run import Evaluation

SHOWN = 10
"""Mistakes."""
_MOST_CLASSES = 12
"""In a confusion matrix that fits into a terminal."""


def show(outcome: Evaluation, console: Console | None = None) -> None:
    """Print the headline, a line a label, the confusion matrix and the worst mistakes."""
    out = console or Console()
    report = outcome.report
    out.print(_headline(outcome), "")
    labels = report.per_class if isinstance(report, Report) else report.per_attribute
    out.print(_labels(labels), "")
    if isinstance(report, Report) and 1 < len(report.confusion) <= _MOST_CLASSES:
        out.print(_confusion(report.confusion), "")
    for line in _mistakes(outcome.mistakes):
        out.print(line)


def _headline(outcome: Evaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "accuracy", "95%", "macro-F1", "95%", "ECE", "texts/s"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row(*_figures(outcome.report))
    if outcome.floor is not None:
        table.add_row(*_figures(outcome.floor))
    table.caption = f"{outcome.report.n} texts"
    table.caption_justify = "left"
    return table


def _figures(report: Report | AttributeReport) -> list[str]:
    ece = ""
    if isinstance(report, Report):
        first, value, ece = "accuracy", report.accuracy, f"{report.calibration.ece:.3f}"
    else:
        first, value = "exact", report.exact
    low, high = (f"{100 * end:.1f}" for end in report.intervals[first])
    least, most = (f"{100 * end:.1f}" for end in report.intervals["macro_f1"])
    return [
        report.model.name,
        f"{100 * value:.1f}",
        f"{low} - {high}",
        f"{100 * report.macro_f1:.1f}",
        f"{least} - {most}",
        ece,
        f"{report.texts_per_s:.0f}",
    ]


def _labels(figures: Mapping[str, ClassFigures]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("label")
    for name in ("precision", "recall", "F1", "texts"):
        table.add_column(name, justify="right")
    for label, one in figures.items():
        shares = (f"{100 * value:.1f}" for value in (one.precision, one.recall, one.f1))
        table.add_row(Text(label), *shares, str(one.support))
    return table


def _confusion(counts: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=None, pad_edge=False, title="file \\ model", title_justify="left")
    table.add_column("")
    for name in counts:
        table.add_column(Text(name), justify="right")
    for name, row in counts.items():
        table.add_row(Text(name), *(str(count) for count in row.values()))
    return table


def _mistakes(mistakes: Sequence[Mistake]) -> Iterator[Text]:
    """Yield two lines a mistake: what was wrong where, and the text."""
    yield Text(f"{len(mistakes)} mistakes; those that the model was surest of:", style="italic")
    for one in mistakes[:SHOWN]:
        yield Text.assemble(
            (f"{one.sure:.3f} ", "bold"),
            harmless(f"{one.found}, and the file says {one.gold} "),
            (harmless(one.place), "dim"),
        )
        yield Text(f"      {harmless(one.text)}", no_wrap=True, overflow="ellipsis")
