"""train reply: a sentence encoder of the shop's own, from its chats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.training.tuning.settings import (
    REPLY_LAYERS,
    REPLY_SETTINGS,
    REPLY_TEMPERATURE,
    TuningSettings,
)
from streams.cli.data import columns_of, say_parts
from streams.cli.failures import say
from streams.cli.options import MapOption
from streams.cli.train import (
    BaseOption,
    BatchOption,
    CheckpointOption,
    Device,
    DeviceOption,
    Dtype,
    DtypeOption,
    EpochsOption,
    LengthOption,
    LimitOption,
    OutOption,
    PatienceOption,
    RateOption,
    SeedOption,
    StrictOption,
    ThreadsOption,
    command_line,
)

if TYPE_CHECKING:
    from inference.training.data.exchanges import Exchanges
    from inference.training.tuning.replies import TunedReplies


ChatsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="DATA...", help="CSV, JSON or JSON lines: question, or turns (a list), reply."
    ),
]
TestOption = Annotated[
    Path | None,
    typer.Option(
        help="File to measure on; its questions are not trained on. Default: a tenth of DATA."
    ),
]
LayersOption = Annotated[
    int, typer.Option(min=0, help="Of the base that are kept; 0: its pieces' vectors alone.")
]
TemperatureOption = Annotated[
    float, typer.Option(min=0.001, help="Divides cosines; less is stricter with near ones.")
]


def reply(
    data: ChatsArgument,
    out: OutOption,
    base: BaseOption = "bundled",
    mapping: MapOption = None,
    test: TestOption = None,
    strict: StrictOption = False,
    limit: LimitOption = None,
    layers: LayersOption = REPLY_LAYERS,
    epochs: EpochsOption = REPLY_SETTINGS.epochs,
    patience: PatienceOption = REPLY_SETTINGS.patience,
    learning_rate: RateOption = REPLY_SETTINGS.learning_rate,
    batch_tokens: BatchOption = REPLY_SETTINGS.batch_tokens,
    max_tokens: LengthOption = REPLY_SETTINGS.max_tokens,
    temperature: TemperatureOption = REPLY_TEMPERATURE,
    seed: SeedOption = REPLY_SETTINGS.seed,
    dtype: DtypeOption = Dtype.AUTO,
    device: DeviceOption = Device.AUTO,
    threads: ThreadsOption = 0,
    checkpoint_s: CheckpointOption = REPLY_SETTINGS.checkpoint_s,
) -> None:
    """Tune an encoder that puts a question near its reply, and write its folder with a card.

    Killed and started again with the same options, it goes on where it was.

    Example: shopstreams train reply chats.jsonl --out my-replies
    """
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
    exchanges = _exchanges(data, mapping, test, strict, limit, seed)
    _run(exchanges, out, base, layers, settings, temperature)


def _exchanges(
    files: list[Path],
    mapping: list[str] | None,
    test: Path | None,
    strict: bool,
    limit: int | None,
    seed: int,
) -> Exchanges:
    """Read the data and say what is left out of it."""
    from inference.training.data.exchanges import ExchangesRequest, load_exchanges

    found = load_exchanges(
        ExchangesRequest(
            files=tuple(files),
            columns=columns_of(mapping),
            test=test,
            strict=strict,
            limit=limit,
            seed=seed,
        )
    )
    say_parts(found, "exchanges")
    return found


def _run(
    data: Exchanges,
    out: Path,
    base: str,
    layers: int,
    settings: TuningSettings,
    temperature: float,
) -> None:
    from inference.training.tuning.replies import ReplyRequest, train_replies
    from streams.cli.training import Progress

    request = ReplyRequest(
        data=data,
        out=out,
        base=base,
        settings=settings,
        layers=layers,
        temperature=temperature,
        command=command_line(),
    )
    with Progress() as progress:
        tuned = train_replies(request, progress)
    _show(tuned)


def _show(tuned: TunedReplies) -> None:
    report = tuned.figures
    if report is not None:
        say(
            f"recall@1 {report.recall_at_1:.3f}, recall@10 {report.recall_at_10:.3f} among "
            f"{report.choices:,} replies, on {report.n:,} questions on which nothing was chosen"
        )
    say(f"figures and card in {tuned.folder}")
    print(tuned.folder)
