"""train sentiment | intent | moderation | aspects, and distil: a model of the shop's own."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.training.tuning.settings import TuningSettings
from streams.cli.data import attributes_of, columns_of, say_parts
from streams.cli.failures import say
from streams.cli.options import MapOption
from streams.cli.train_recommend import recommend

if TYPE_CHECKING:
    from inference.training.data.dataset import Dataset
    from inference.training.data.labelling import Labelling
    from inference.training.tuning.teacher import Teacher

train_app = typer.Typer(
    name="train", help="Make a model of your own from labelled texts.", no_args_is_help=True
)


class Slot(StrEnum):
    """What a model is for."""

    SENTIMENT = "sentiment"
    INTENT = "intent"
    MODERATION = "moderation"
    ASPECTS = "aspects"


class Dtype(StrEnum):
    """What is multiplied; weights stay in float32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class Device(StrEnum):
    """Where models are trained."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


DataArgument = Annotated[
    list[Path], typer.Argument(metavar="DATA...", help="CSV, JSON or JSON lines: text and label.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's new folder.")]
BaseOption = Annotated[
    str, typer.Option(help="What it begins with: bundled, a folder, a Hugging Face name.")
]
AttributesOption = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="Moderation: columns of 0 and 1; without, `labels` lists a row's attributes.",
    ),
]
TestOption = Annotated[
    Path | None,
    typer.Option(
        help="File to measure on; its texts are not trained on. Default: a tenth of DATA."
    ),
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Refuse data with bad rows.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most so many rows a file.")]
EpochsOption = Annotated[int, typer.Option(min=1, help="At most.")]
PatienceOption = Annotated[int, typer.Option(min=1, help="Epochs without a better one to end.")]
RateOption = Annotated[float, typer.Option(min=0.0, help="Learning rate at its highest.")]
BatchOption = Annotated[int, typer.Option(min=1, help="Padded tokens in a batch.")]
LengthOption = Annotated[int, typer.Option(min=8, help="Tokens of a text; more are cut off.")]
PrecisionOption = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="What the abstaining threshold is to keep.")
]
SeedOption = Annotated[int, typer.Option(help="One seed gives one result.")]
DtypeOption = Annotated[Dtype, typer.Option(help="bf16 where there are instructions for it.")]
DeviceOption = Annotated[Device, typer.Option(help="auto takes a GPU where there is one.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Of the processor; 0: torch's choice.")]
CheckpointOption = Annotated[
    float, typer.Option("--checkpoint-s", min=0.0, help="Seconds between checkpoints.")
]


def _add_command(slot: Slot, example: str) -> None:
    """Register the command of one task; the tasks differ in how labels are read."""

    def command(
        data: DataArgument,
        out: OutOption,
        base: BaseOption = "bundled",
        mapping: MapOption = None,
        attributes: AttributesOption = None,
        test: TestOption = None,
        strict: StrictOption = False,
        limit: LimitOption = None,
        epochs: EpochsOption = TuningSettings.epochs,
        patience: PatienceOption = TuningSettings.patience,
        learning_rate: RateOption = TuningSettings.learning_rate,
        batch_tokens: BatchOption = TuningSettings.batch_tokens,
        max_tokens: LengthOption = TuningSettings.max_tokens,
        precision: PrecisionOption = 0.95,
        seed: SeedOption = TuningSettings.seed,
        dtype: DtypeOption = Dtype.AUTO,
        device: DeviceOption = Device.AUTO,
        threads: ThreadsOption = 0,
        checkpoint_s: CheckpointOption = TuningSettings.checkpoint_s,
    ) -> None:
        settings = TuningSettings(
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            batch_tokens=batch_tokens,
            max_tokens=max_tokens,
            seed=seed,
            dtype=dtype.value,
            device=device.value,
            threads=threads,
            checkpoint_s=checkpoint_s,
        )
        dataset = _dataset(slot, data, attributes, mapping, test, strict, limit, seed)
        _run(slot, dataset, out, base, settings, precision=precision)

    command.__doc__ = f"""Tune a model for {slot.value} and write its folder with a card.

    Killed and started again with the same options, it goes on where it was.

    Example: shopstreams train {slot.value} {example}
    """
    train_app.command(slot.value)(command)


_add_command(Slot.SENTIMENT, "reviews.csv --map text=review,label=stars --out my-sentiment")
_add_command(Slot.INTENT, "messages.csv --base bert-base-chinese --out my-intent")
_add_command(Slot.MODERATION, "decisions.jsonl --out my-moderation")
_add_command(Slot.ASPECTS, "aspects.csv --map text=review --out my-aspects")
train_app.command()(recommend)


def distil(
    data: DataArgument,
    teacher: Annotated[str, typer.Option(help="Whose answers are learned: as for --base.")],
    out: OutOption,
    task: Annotated[Slot, typer.Option(help="What the models are for.")] = Slot.SENTIMENT,
    teacher_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the target; the rest is the file's label.")
    ] = 0.7,
    base: BaseOption = "bundled",
    mapping: MapOption = None,
    attributes: AttributesOption = None,
    test: TestOption = None,
    strict: StrictOption = False,
    limit: LimitOption = None,
    epochs: EpochsOption = 6,
    learning_rate: RateOption = 1e-4,
    seed: SeedOption = TuningSettings.seed,
    device: DeviceOption = Device.AUTO,
    threads: ThreadsOption = 0,
) -> None:
    """Tune a small model on a larger one's answers.

    Example: shopstreams distil reviews.csv --teacher my-large-model --base bundled --out small
    """
    from inference.training.tuning.teacher import Teacher

    dataset = _dataset(task, data, attributes, mapping, test, strict, limit, seed)
    settings = TuningSettings(
        epochs=epochs,
        learning_rate=learning_rate,
        seed=seed,
        device=device.value,
        threads=threads,
    )
    _run(task, dataset, out, base, settings, teacher=Teacher(name=teacher, share=teacher_share))


def _labelling(slot: Slot, attributes: str | None) -> Labelling:
    from inference.training.data.labelling import SentimentLabels, labelling_of

    named = labelling_of(slot.value, attributes_of(attributes))
    return SentimentLabels() if slot in (Slot.SENTIMENT, Slot.ASPECTS) else named


def _dataset(
    slot: Slot,
    files: list[Path],
    attributes: str | None,
    mapping: list[str] | None,
    test: Path | None,
    strict: bool,
    limit: int | None,
    seed: int,
) -> Dataset:
    """Read the data and say what is left out of it."""
    from inference.training.data.dataset import DataRequest, load_dataset
    from inference.training.data.reading import SECOND

    dataset = load_dataset(
        DataRequest(
            files=tuple(files),
            labelling=_labelling(slot, attributes),
            second=SECOND.get(slot.value),
            columns=columns_of(mapping),
            test=test,
            strict=strict,
            limit=limit,
            seed=seed,
        )
    )
    say_parts(dataset, "texts")
    say(f"labels: {', '.join(dataset.labels)}")
    return dataset


def _run(
    slot: Slot,
    data: Dataset,
    out: Path,
    base: str,
    settings: TuningSettings,
    *,
    precision: float = 0.95,
    teacher: Teacher | None = None,
) -> None:
    from inference.training.tuning.finetune import TuningRequest, fine_tune
    from streams.cli.training import Progress, show_tuned

    request = TuningRequest(
        slot=slot.value,
        data=data,
        out=out,
        base=base,
        settings=settings,
        precision=precision,
        teacher=teacher,
        command=command_line(),
    )
    with Progress() as progress:
        tuned = fine_tune(request, progress)
    show_tuned(tuned)


def command_line() -> str:
    """Return how this process was called, for a model's card."""
    return shlex.join(["shopstreams", *sys.argv[1:]])
