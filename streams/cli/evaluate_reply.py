"""evaluate reply: how often a sentence encoder finds the right reply among others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.data import columns_of, say_losses
from streams.cli.evaluate import JsonOption, LimitOption, tell_figures
from streams.cli.failures import say
from streams.cli.options import ConfigOption, MapOption, settings_of

if TYPE_CHECKING:
    from inference.evaluation.replies import ReplyEvaluation


def reply(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="With a question, or turns, and a reply a row.")
    ],
    model: Annotated[str, typer.Option(help="A folder that `train reply` made, or a hub name.")],
    mapping: MapOption = None,
    floor: Annotated[
        Path | None,
        typer.Option(metavar="TRAIN", help="Let TF-IDF know these exchanges, and measure it too."),
    ] = None,
    json_file: JsonOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
) -> None:
    """Say how often the right reply comes first; as JSON where the output is no terminal.

    Example: shopstreams evaluate reply held-out.jsonl --model my-replies --floor chats.jsonl
    """
    settings = settings_of(config, None)
    from streams.output_files import require_writable

    require_writable(json_file)
    from inference.evaluation.replies import ReplyEvaluationRequest, run_replies
    from streams.config import inference_settings

    outcome = run_replies(
        ReplyEvaluationRequest(
            model=model,
            file=file,
            columns=columns_of(mapping),
            settings=inference_settings(settings),
            floor=floor,
            limit=limit,
        )
    )
    say_losses(outcome.losses)
    if outcome.unmeasured:
        say(
            f"measured on the first {outcome.report.n:,} exchanges, {outcome.unmeasured:,} are left"
        )
    if outcome.leaked:
        say(f"the floor does not know {outcome.leaked} exchanges whose question is measured")
    _tell(outcome, json_file)


def _tell(outcome: ReplyEvaluation, json_file: Path | None) -> None:
    figures = {**asdict(outcome.report), "model": asdict(outcome.model)}
    others = {"floor": outcome.floor, "together": outcome.together}
    figures |= {name: asdict(report) for name, report in others.items() if report is not None}
    tell_figures(figures, lambda: _show(outcome), json_file)


def _show(outcome: ReplyEvaluation) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("recall@1", "95%", "recall@10", "95%", "MRR", "BLEU"):
        table.add_column(name, justify="right")
    rows = {
        outcome.model.name: outcome.report,
        "TF-IDF": outcome.floor,
        "together": outcome.together,
    }
    for name, report in rows.items():
        if report is None:
            continue
        first, tenth = (
            "{:.3f} - {:.3f}".format(*report.intervals[figure])
            for figure in ("recall_at_1", "recall_at_10")
        )
        cells = (f"{report.recall_at_1:.3f}", first, f"{report.recall_at_10:.3f}", tenth)
        table.add_row(Text(name), *cells, f"{report.mrr:.3f}", f"{report.bleu:.3f}")
    table.caption = f"{outcome.report.n} questions, {outcome.report.choices} replies"
    table.caption_justify = "left"
    Console().print(table)
