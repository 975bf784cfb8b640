"""explain: which words moved a score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import ConfigOption, model_of, settings_of
from streams.cli.printable import harmless
from streams.cli.train import Slot

if TYPE_CHECKING:
    from rich.console import Console

    from inference.explaining.occlusion import Explanation

_WEAK, _STRONG = 0.15, 0.6
"""Shares of the strongest word's weight from which on a word is coloured, and stands out."""
_STRONGEST = 8
"""Words that are listed."""


def explain(
    task: Annotated[Slot, typer.Argument(metavar="TASK", help="sentiment, intent, moderation.")],
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    label: Annotated[str | None, typer.Option(help="By default the most probable one.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="bundled, a folder, a hub name; by default the configured one."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page of its own.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say which words moved a text's score, by leaving out each of them.

    Example: shopstreams explain sentiment "the zip broke but the colour is lovely" --html why.html
    """
    settings = settings_of(config, None)
    if task is Slot.ASPECTS:
        raise typer.BadParameter("an aspect's model reads two texts; explain takes one")
    from rich import get_console

    from inference.evaluation.scoring import load_classifier
    from inference.explaining import occlusion
    from inference.explaining.page import page
    from inference.tasks.language import guess_language
    from streams.config import inference_settings
    from streams.output_files import require_writable, write_output

    require_writable(html)
    name = model or model_of(settings, task.value)
    loaded = load_classifier(task.value, name, inference_settings(settings))
    explanation = occlusion.explain(loaded, text, label)
    _show(explanation, get_console())
    if html is not None:
        write_output(html, page(explanation, guess_language(text).value))


def _show(explanation: Explanation, console: Console) -> None:
    from rich.text import Text

    most = max(abs(part.weight) for part in explanation.parts) or 1.0
    line = Text()
    for part in explanation.parts:
        line.append(harmless(part.text), style=_style(part.weight / most))
    console.print(f"{explanation.label} {explanation.score:.3f}", style="bold", markup=False)
    console.print(line)
    told = sorted(explanation.parts, key=lambda part: -abs(part.weight))
    for part in (one for one in told[:_STRONGEST] if one.weight):
        console.print(f"{part.weight:+7.2f}  {harmless(part.text)}", markup=False, highlight=False)


def _style(share: float) -> str:
    """Return a colour: the stronger, the more it stands out."""
    if abs(share) < _WEAK:
        return ""
    colour = "green" if share > 0 else "red"
    return f"bold reverse {colour}" if abs(share) > _STRONG else colour
