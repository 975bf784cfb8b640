"""evaluate sentiment | intent | moderation | aspects: a model's figures, without Kafka."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.data import attributes_of, columns_of, say_losses
from streams.cli.failures import say
from streams.cli.options import ConfigOption, MapOption, model_of, settings_of

if TYPE_CHECKING:
    from inference.evaluation.run import Evaluation

evaluate_app = typer.Typer(
    name="evaluate", help="Measure a model on a labelled file.", no_args_is_help=True
)

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="With a text and a label a row.")
]
ModelOption = Annotated[
    str | None,
    typer.Option(help="bundled, a folder, a hub name; by default the configured one."),
]
FloorOption = Annotated[
    Path | None,
    typer.Option(metavar="TRAIN", help="Fit TF-IDF with logistic regression on this beside it."),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", metavar="OUT", help="Write the figures here.")
]
ErrorsOption = Annotated[
    Path | None,
    typer.Option("--errors", metavar="OUT", help="Write all mistakes here, the surest first."),
]
PlotsOption = Annotated[
    Path | None, typer.Option("--plots", metavar="DIR", help="Draw reliability and confusion here.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most so many rows.")]
AttributesOption = Annotated[
    str | None,
    typer.Option(
        metavar="A,B", help="Columns of 0 and 1; without, `labels` lists a row's attributes."
    ),
]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where what came out is written, beside the terminal."""

    json_file: Path | None
    errors: Path | None
    plots: Path | None  # a folder

    def require(self) -> None:
        """Raise `OutputError` where that cannot be done."""
        from streams.output_files import require_folder, require_writable

        require_writable(self.json_file, self.errors)
        require_folder(self.plots)


def _add_command(slot: str, what: str, example: str) -> None:
    """Register the command of a task whose labels exclude each other."""

    def command(
        file: FileArgument,
        mapping: MapOption = None,
        model: ModelOption = None,
        floor: FloorOption = None,
        json_file: JsonOption = None,
        errors: ErrorsOption = None,
        plots: PlotsOption = None,
        limit: LimitOption = None,
        config: ConfigOption = None,
    ) -> None:
        outputs = Outputs(json_file=json_file, errors=errors, plots=plots)
        outcome = _run(slot, file, mapping, model, floor, limit, config, outputs)
        _tell(outcome, slot, outputs)

    command.__doc__ = f"""Say how well a model {what}; as JSON where the output is no terminal.

    Example: shopstreams evaluate {slot} {example}
    """
    evaluate_app.command(slot)(command)


_add_command("sentiment", "labels reviews", "reviews.csv --map text=review --json figures.json")
_add_command(
    "intent", "understands messages", "messages.csv --map label=intent --errors wrong.jsonl"
)
_add_command("aspects", "tells how a text speaks of an aspect", "aspects.csv --model my-aspects")


@evaluate_app.command()
def moderation(
    file: FileArgument,
    mapping: MapOption = None,
    attributes: AttributesOption = None,
    model: ModelOption = None,
    floor: FloorOption = None,
    json_file: JsonOption = None,
    errors: ErrorsOption = None,
    plots: PlotsOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
) -> None:
    """Say how well a model finds attributes, several a text or none.

    Example: shopstreams evaluate moderation held.jsonl --model my-moderation
    """
    outputs = Outputs(json_file=json_file, errors=errors, plots=plots)
    outcome = _run("moderation", file, mapping, model, floor, limit, config, outputs, attributes)
    _tell(outcome, "moderation", outputs)


def _run(
    slot: str,
    file: Path,
    mapping: list[str] | None,
    model: str | None,
    floor: Path | None,
    limit: int | None,
    config: Path | None,
    outputs: Outputs,
    attributes: str | None = None,
) -> Evaluation:
    settings = settings_of(config, None)
    outputs.require()
    from inference.evaluation.run import EvaluationRequest, run
    from inference.training.data.labelling import labelling_of
    from streams.config import inference_settings

    outcome = run(
        EvaluationRequest(
            slot=slot,
            model=model or model_of(settings, slot),
            file=file,
            labelling=labelling_of(slot, attributes_of(attributes)),
            columns=columns_of(mapping),
            settings=inference_settings(settings),
            floor=floor,
            limit=limit,
        )
    )
    say_losses(outcome.losses)
    if outcome.leaked:
        say(f"the floor was not fitted on {outcome.leaked} texts that are measured")
    return outcome


def tell_figures(
    figures: Mapping[str, Any], show: Callable[[], None], json_file: Path | None
) -> None:
    """Let figures be shown on a terminal, else print them as JSON; write that to a file, too."""
    from streams.output_files import write_output

    content = json.dumps(figures, indent=2, ensure_ascii=False)
    if sys.stdout.isatty():
        show()
    else:
        print(content)
    if json_file is not None:
        write_output(json_file, content + "\n")


def _tell(outcome: Evaluation, slot: str, outputs: Outputs) -> None:
    from streams.output_files import write_output

    figures = asdict(outcome.report)
    if outcome.floor is not None:
        figures["floor"] = asdict(outcome.floor)
    tell_figures(figures, lambda: _show(outcome), outputs.json_file)
    if outputs.errors is not None:
        lines = (json.dumps(asdict(one), ensure_ascii=False) for one in outcome.mistakes)
        write_output(outputs.errors, "".join(f"{line}\n" for line in lines))
    if outputs.plots is not None:
        _plot(outcome, outputs.plots, slot)


def _show(outcome: Evaluation) -> None:
    from streams.cli.figures import show

    show(outcome)


def _plot(outcome: Evaluation, folder: Path, slot: str) -> None:
    from inference.evaluation.plots import plot_confusion, plot_reliability
    from inference.evaluation.report import Report

    report: Any = outcome.report
    if isinstance(report, Report):
        plot_reliability(report.calibration, folder / "reliability.png", slot)
        plot_confusion(report.confusion, folder / "confusion.png", slot)
        return
    for name, figures in report.per_attribute.items():
        plot_reliability(figures.calibration, folder / f"reliability-{name}.png", name)
