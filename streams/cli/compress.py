"""compress vocabulary | layers | int8: a smaller or faster model, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.data import attributes_of, columns_of
from streams.cli.failures import say
from streams.cli.options import MapOption
from streams.cli.train import AttributesOption, OutOption, Slot

if TYPE_CHECKING:
    from inference.compression.comparing import Standing
    from inference.evaluation.run import EvaluationRequest

compress_app = typer.Typer(
    name="compress",
    help="Make a model smaller or faster; says what it costs.",
    no_args_is_help=True,
)

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="bundled, a folder, a Hugging Face name.")
]
DataOption = Annotated[
    Path, typer.Option("--data", metavar="FILE", help="Labelled texts, as many as you have.")
]
TaskOption = Annotated[Slot, typer.Option(help="What the model is for.")]
MEGABYTE = 1e6
PERCENT = 100


@compress_app.command()
def vocabulary(
    model: ModelArgument,
    data: DataOption,
    out: OutOption,
    task: TaskOption = Slot.SENTIMENT,
    mapping: MapOption = None,
    attributes: AttributesOption = None,
) -> None:
    """Take out the pieces that no text of a file has; scores of those texts stay.

    Example: shopstreams compress vocabulary my-sentiment --data reviews.csv --out smaller
    """
    from inference.compression.folder import read_parts, staged, write_parts
    from inference.compression.vocabulary import prune_vocabulary
    from inference.training.data.reading import SECOND, read_examples

    request = _request(model, data, task, mapping, attributes)
    second = SECOND.get(request.slot)
    with staged(out) as smaller:
        folder, parts = read_parts(task.value, model)
        found = read_examples(data, request.columns, request.labelling, second=second)
        gone = prune_vocabulary(parts, (text for one in found.examples for text in one.texts))
        write_parts(folder, parts, smaller)
        say(f"{gone:,} pieces went, {parts.config['vocab_size']:,} stayed")
        _compare(request, folder, smaller)


@compress_app.command()
def layers(
    model: ModelArgument,
    data: DataOption,
    out: OutOption,
    keep: Annotated[int, typer.Option(min=1, help="Layers that stay.")],
    task: TaskOption = Slot.SENTIMENT,
    mapping: MapOption = None,
    attributes: AttributesOption = None,
) -> None:
    """Take out layers; train the result on your texts again, or it will be poor.

    Example: shopstreams compress layers my-sentiment --keep 3 --data reviews.csv --out shallow
    """
    from inference.compression.folder import read_parts, staged, write_parts
    from inference.compression.layers import prune_layers

    request = _request(model, data, task, mapping, attributes)
    with staged(out) as smaller:
        folder, parts = read_parts(task.value, model)
        kept = prune_layers(parts, keep)
        write_parts(folder, parts, smaller)
        say(f"layers {', '.join(str(one + 1) for one in kept)} stayed")
        _compare(request, folder, smaller)
    say(f"now: shopstreams train {task.value} {data} --base {out} --out ...")


@compress_app.command()
def int8(
    model: ModelArgument,
    data: DataOption,
    out: OutOption,
    at_most: Annotated[
        float, typer.Option(min=0, help="Points of macro-F1 that may be lost.")
    ] = 0.5,
    task: TaskOption = Slot.SENTIMENT,
    mapping: MapOption = None,
    attributes: AttributesOption = None,
) -> None:
    """Let a model compute in 8 bits on processors; refused where it gets worse by more.

    Its weights are stored in 16 bits; workers whose `inference.dtype` is auto make 8 of them.

    Example: shopstreams compress int8 my-sentiment --data reviews.csv --out faster
    """
    from inference.compression.comparing import standing
    from inference.compression.folder import read_parts, staged, write_parts
    from inference.compression.int8 import require_quality, store_for_int8
    from inference.settings import InferenceSettings

    on_cpu = InferenceSettings(models={}, device="cpu")
    request = replace(_request(model, data, task, mapping, attributes), settings=on_cpu)
    with staged(out) as faster:
        folder, parts = read_parts(task.value, model)
        store_for_int8(parts)
        write_parts(folder, parts, faster)
        before, after = standing(request, folder), standing(request, faster, "auto")
        print(_line("before", before), _line("after", after), sep="\n")
        require_quality(before, after, at_most)


def _request(
    model: str, data: Path, task: Slot, mapping: list[str] | None, attributes: str | None
) -> EvaluationRequest:
    from inference.evaluation.run import EvaluationRequest
    from inference.training.data.labelling import labelling_of

    return EvaluationRequest(
        slot=task.value,
        model=model,
        file=data,
        labelling=labelling_of(task.value, attributes_of(attributes)),
        columns=columns_of(mapping),
    )


def _compare(request: EvaluationRequest, before: Path, after: Path) -> None:
    from inference.compression.comparing import standing

    for name, folder in (("before", before), ("after", after)):
        print(_line(name, standing(request, folder)))


def _line(name: str, one: Standing) -> str:
    low, high = (PERCENT * end for end in one.interval)
    return (
        f"{name:<7} {one.bytes / MEGABYTE:8.1f} MB  {one.texts_per_s:8.0f} texts/s  "
        f"macro-F1 {PERCENT * one.macro_f1:.1f} ({low:.1f} to {high:.1f})"
    )
