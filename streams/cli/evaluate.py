"""evaluate: a model's figures on a labelled file, without Kafka."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.failures import say
from streams.cli.options import ConfigOption, MapOption, settings_of

evaluate_app = typer.Typer(
    name="evaluate", help="Measure a model on a labelled file.", no_args_is_help=True
)


@evaluate_app.callback()
def group() -> None:
    """Measure a model on a labelled file."""


@evaluate_app.command()
def sentiment(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="With a text and a label a row.")],
    mapping: MapOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write the figures here.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="bundled, or a folder; by default the configured one.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    config: ConfigOption = None,
) -> None:
    """Print how well a model labels reviews whose labels are known.

    Example: shopstreams evaluate sentiment reviews.csv --map text=review --json figures.json
    """
    settings = settings_of(config, None, models__sentiment=model)
    from inference.evaluate import evaluate
    from inference.files.columns import Columns, parse_pairs
    from inference.training.data.labelling import NamedLabels
    from inference.training.data.losses import told
    from inference.training.data.reading import read_examples
    from streams.config import inference_settings

    columns = Columns(renamed=parse_pairs(mapping or [], "--map"))
    found = read_examples(file, columns, NamedLabels(), limit=limit)
    for sentence in told(found.losses):
        say(f"left out: {sentence}")
    report = evaluate(
        [one.text for one in found.examples],
        [one.labels[0] for one in found.examples],
        settings.models.sentiment,
        inference_settings(settings),
    )
    figures = json.dumps(asdict(report), indent=2, ensure_ascii=False)
    print(figures)
    if json_file is not None:
        json_file.write_text(figures + "\n", encoding="utf-8")
