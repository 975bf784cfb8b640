"""pretrain: an encoder of one's own from plain texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inference.training.tuning.settings import TuningSettings
from streams.cli.failures import say
from streams.cli.train import (
    CheckpointOption,
    Device,
    DeviceOption,
    LengthOption,
    OutOption,
    SeedOption,
    ThreadsOption,
    command_line,
)


def pretrain(
    texts: Annotated[
        list[Path], typer.Argument(metavar="TEXTS...", help="Plain text, a text a line; CSV, JSON.")
    ],
    out: OutOption,
    base: Annotated[
        str | None, typer.Option(help="Go on with this one; without, a new encoder and vocabulary.")
    ] = None,
    column: Annotated[str, typer.Option(help="Where the text stands in CSV and JSON.")] = "text",
    layers: Annotated[int, typer.Option(min=1, help="Of a new encoder.")] = 4,
    width: Annotated[int, typer.Option(min=8, help="Of a new encoder; four heads.")] = 256,
    epochs: Annotated[int, typer.Option(min=1, help="At most.")] = 10,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="At its highest.")] = 5e-4,
    batch_tokens: Annotated[int, typer.Option(min=1, help="Padded, in a batch.")] = 8192,
    max_tokens: LengthOption = TuningSettings.max_tokens,
    seed: SeedOption = TuningSettings.seed,
    device: DeviceOption = Device.AUTO,
    threads: ThreadsOption = 0,
    checkpoint_s: CheckpointOption = TuningSettings.checkpoint_s,
) -> None:
    """Teach an encoder your shop's language; then `train --base` it.

    Killed and started again with the same options, it goes on where it was.

    Example: shopstreams pretrain chats.txt reviews.csv --out our-encoder
    """
    from inference.training.tuning.pretrain import EncoderShape, PretrainRequest, read_texts
    from inference.training.tuning.pretrain import pretrain as run
    from streams.cli.training import Progress

    settings = TuningSettings(
        epochs=epochs,
        learning_rate=learning_rate,
        batch_tokens=batch_tokens,
        max_tokens=max_tokens,
        seed=seed,
        device=device.value,
        threads=threads,
        checkpoint_s=checkpoint_s,
    )
    read = read_texts(texts, column)
    say(f"{len(read):,} distinct texts")
    shape = EncoderShape(layers=layers, width=width, inner=3 * width)
    request = PretrainRequest(
        texts=read, out=out, base=base, shape=shape, settings=settings, command=command_line()
    )
    with Progress() as progress:
        run(request, progress)
    print(out)
