"""The README.md of a model: what it is, its data, its figures, how it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from inference.evaluation.attributes import AttributeReport
from inference.evaluation.figures import ClassFigures
from inference.evaluation.intervals import Interval
from inference.evaluation.report import Report
from inference.training.data.dataset import Dataset
from inference.training.data.losses import by_reason
from inference.training.tuning.calibrating import Calibrated
from inference.training.tuning.history import Epoch, History
from inference.training.tuning.settings import TuningSettings

UNMEASURED = "No test part was held out: nothing is known but the validation below."


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a model was made, whatever it is."""

    base: str  # name of the model that it began with
    parameters: int
    command: str  # that makes it again
    settings: TuningSettings
    history: History


@dataclass(frozen=True, kw_only=True)
class Made(Making):
    """All that a classifier's card tells."""

    slot: str
    keeps_head: bool
    teacher: str | None
    data: Dataset
    calibrated: Calibrated
    figures: Report | AttributeReport | None  # on the test part; None where there is none


def card(made: Made) -> str:
    """Return the card in Markdown."""
    making = made_by(made, _best)
    return document(_head(made), _data(made), _figures(made), _use(made), making)


def document(*parts: Iterable[str]) -> str:
    """Return the lines of all parts, an empty one between two parts."""
    return "\n".join(line for part in parts for line in [*part, ""]).rstrip() + "\n"


def made_by(made: Making, figures: Callable[[Epoch], str]) -> Iterator[str]:
    """Yield the part on how a model was made; `figures` tells those of the best epoch."""
    best, history = made.history.best, made.history
    yield "## Made by"
    yield ""
    yield f"    {made.command}"
    yield ""
    yield f"{history.seconds / 60:.1f} minutes of training, {history.step:,} steps,"
    yield f"seed {made.settings.seed}. Training curves: `curves.png`."
    if best:
        yield (
            f"Epoch {best.number} of {len(history.epochs)} was the best on the validation part: "
            f"{figures(best)}."
        )


def _head(made: Made) -> Iterator[str]:
    head = "its own head" if made.keeps_head else "a new head"
    taught = f", taught by {made.teacher}" if made.teacher else ""
    yield f"# {made.slot} model"
    yield ""
    yield f"Labels: {', '.join(made.data.labels)}."
    yield f"Begun with {made.base}, {head}{taught}; {made.parameters:,} parameters."


def _data(made: Made) -> Iterator[str]:
    data = made.data
    yield "## Data"
    yield ""
    yield f"{', '.join(data.sources)}: {data.rows:,} rows."
    if data.second:
        yield f"A row is a text and its {data.second}, which the model reads together."
    for reason, count in by_reason(data.losses).items():
        yield f"{count:,} left out, {reason}."
    yield ""
    yield "| label | training | validation | test |"
    yield "| --- | --- | --- | --- |"
    counts = [
        Counter(name for one in part for name in one.labels)
        for part in (data.train, data.validation, data.test)
    ]
    for name in data.labels:
        yield f"| {name} | " + " | ".join(f"{count[name]:,}" for count in counts) + " |"
    sizes = (len(data.train), len(data.validation), len(data.test))
    yield "| texts | " + " | ".join(f"{size:,}" for size in sizes) + " |"


def _figures(made: Made) -> Iterator[str]:
    yield "## Figures"
    yield ""
    report = made.figures
    if report is None:
        yield UNMEASURED
        return
    yield f"On the {report.n:,} texts of the test part, on which nothing was chosen."
    yield "Intervals: 95%, by bootstrap."
    yield ""
    first = "accuracy" if isinstance(report, Report) else "exact"
    value = report.accuracy if isinstance(report, Report) else report.exact
    yield f"- {first}: {_percent(value, report.intervals[first])}"
    yield f"- macro-F1: {_percent(report.macro_f1, report.intervals['macro_f1'])}"
    if isinstance(report, Report):
        yield f"- expected calibration error: {100 * report.calibration.ece:.1f}"
        yield from _table(report.per_class)
    else:
        yield from _table(report.per_attribute)


def _table(figures: Mapping[str, ClassFigures]) -> Iterator[str]:
    yield ""
    yield "| label | precision | recall | F1 | texts |"
    yield "| --- | --- | --- | --- | --- |"
    for name, one in figures.items():
        shares = " | ".join(f"{100 * share:.1f}" for share in (one.precision, one.recall, one.f1))
        yield f"| {name} | {shares} | {one.support:,} |"


def _use(made: Made) -> Iterator[str]:
    found = made.calibrated
    yield "## Use"
    yield ""
    yield f"`temperature` in config.json ({found.temperature}) divides the logits."
    for language, temperature in found.temperatures.by_language.items():
        yield f"Those of texts in {language.value} are divided by {temperature}."
    yield ""
    wanted = f"{100 * found.precision:.0f}%"
    for name, threshold in found.thresholds.items():
        of = f" of {name}" if name else ""
        if threshold is None:
            yield f"- No threshold{of} makes {wanted} right on the validation texts."
        else:
            taken = "" if name else f", which takes {100 * found.coverage:.1f}% of them"
            yield f"- Above a probability{of} of {threshold}, {wanted} were right{taken}."
    yield ""
    yield "Texts like those it was trained on; of others nothing is known."


def _best(epoch: Epoch) -> str:
    return f"macro-F1 {100 * epoch.score:.1f}, loss {epoch.validation_loss:.3f}"


def _percent(value: float, interval: Interval) -> str:
    low, high = interval
    return f"{100 * value:.1f} ({100 * low:.1f} to {100 * high:.1f})"
