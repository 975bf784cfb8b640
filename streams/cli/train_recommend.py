"""train recommend: a recommender of the shop's own, from its orders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.data import columns_of
from streams.cli.failures import say
from streams.cli.options import MapOption


def recommend(
    orders: Annotated[
        Path, typer.Argument(metavar="ORDERS", help="Whole orders, or a row a product.")
    ],
    catalogue: Annotated[Path, typer.Option(metavar="FILE", help="Products with their titles.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's new folder.")],
    base: Annotated[
        str, typer.Option(help="What it begins with: bundled, or a recommender's folder.")
    ] = "bundled",
    mapping: MapOption = None,
    catalogue_mapping: Annotated[
        list[str] | None,
        typer.Option("--catalogue-map", metavar="FIELD=COLUMN", help="The catalogue's columns."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="The best of them is kept.")] = 8,
    threads: Annotated[int, typer.Option(min=0, help="Of the processor; 0: torch's choice.")] = 0,
) -> None:
    """Tune the recommender on a shop's orders and measure it beside simple ways.

    The last tenth of the purchases is kept for measuring, the tenth before it chooses the epoch.

    Example: shopstreams train recommend orders.csv.gz --catalogue products.csv --out my-recommender
    --map user_id=CustomerID,product_id=StockCode,created_at=InvoiceDate,quantity=Quantity
    """
    from inference.files.columns import Columns, parse_pairs
    from inference.training.data.purchases import read_catalogue, read_purchases

    titles = read_catalogue(
        catalogue, Columns(renamed=parse_pairs(catalogue_mapping or [], "--catalogue-map"))
    )
    found = read_purchases(orders, columns_of(mapping), titles)
    for reason, count in found.left_out.most_common():
        say(f"{count:,} lines were left out: {reason}")
    from inference.models.loading import BUNDLED_FOLDER
    from inference.models.names import BUNDLED
    from inference.training.recommend import fine, train_recommender

    folder = BUNDLED_FOLDER / "recommend" if base == BUNDLED else Path(base)
    told = train_recommender(found.lines, out, folder, fine(epochs, threads), say)
    print(json.dumps(told, indent=2, ensure_ascii=False))
