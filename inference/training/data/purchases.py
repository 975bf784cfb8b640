"""A shop's orders and catalogue as files, read as the purchases that a recommender learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from inference.files.columns import Columns, require_fields
from inference.files.errors import ColumnError, FileError
from inference.files.readers import read_rows
from inference.tasks.catalogue import item_text
from inference.training.readers import Purchase
from schemas.base import EventTime
from schemas.events import OrderEvent, OrderItem, OrderStatus
from schemas.reference import CatalogueItem

_TIME: Final[TypeAdapter[datetime]] = TypeAdapter(EventTime)
_NEEDED: Final = ("user_id", "product_id", "created_at")

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Purchases:
    """What was bought, in the order of its time, and what was left out."""

    lines: list[Purchase] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)  # lines, by reason


def read_catalogue(path: Path, columns: Columns) -> dict[str, str]:
    """Return what a model reads of each product, by id; of two rows of one product the last.

    Raises `FileError` and `ColumnError`.
    """
    require_fields(columns.renamed, CatalogueItem.model_fields, "--catalogue-map")
    titles: dict[str, str] = {}
    missing: Counter[str] = Counter()
    rows = 0
    for row in read_rows(path):
        rows += 1
        fields = columns.apply(row.fields or {})
        try:
            item = CatalogueItem.model_validate(fields)
        except ValidationError as error:
            missing.update(str(problem["loc"][0]) for problem in error.errors() if problem["loc"])
            continue
        titles[item.product_id] = item_text(item)
    if not titles:
        lacking = [name for name in ("product_id", "title") if missing[name] == rows]
        raise _nothing(path, lacking, "--catalogue-map")
    return titles


def read_purchases(path: Path, columns: Columns, titles: Mapping[str, str]) -> Purchases:
    """Return the purchases of a file of orders, whole ones or a row a product.

    What came back, was cancelled or is not in the catalogue is left out, and so is a line that
    lacks customer, product or time. Raises `FileError` and `ColumnError` where nothing is left.
    """
    require_fields(columns.renamed, {**OrderEvent.model_fields, **OrderItem.model_fields}, "--map")
    found = Purchases()
    for row in read_rows(path):
        for line in _lines(columns.apply(row.fields or {})):
            one = _purchase(line, titles)
            if isinstance(one, str):
                found.left_out[one] += 1
            else:
                found.lines.append(one)
    if not found.lines:
        lines = found.left_out.total()
        lacking = [name for name in _NEEDED if found.left_out[f"no {name}"] == lines]
        raise _nothing(path, lacking, "--map")
    found.lines.sort(key=lambda purchase: purchase.day)
    return found


def _lines(fields: Fields) -> Iterator[Fields]:
    items = fields.get("items")
    for item in items if isinstance(items, list) else [{}]:
        if isinstance(item, dict):
            yield {**fields, **item}


def _purchase(line: Fields, titles: Mapping[str, str]) -> Purchase | str:
    """Return the purchase, or why the line is none."""
    for name in _NEEDED:
        if line.get(name) in (None, ""):
            return f"no {name}"
    product, quantity = str(line["product_id"]).strip(), line.get("quantity", 1)
    if product not in titles:
        return "not in the catalogue"
    came_back = isinstance(quantity, int | float) and quantity <= 0
    if came_back or line.get("status", OrderStatus.PLACED) != OrderStatus.PLACED:
        return "not bought, or brought back"
    try:
        day = _TIME.validate_python(line["created_at"]).astimezone(UTC).isoformat()
    except ValidationError:
        return "no time that can be read"
    return Purchase(str(line["user_id"]).strip(), day, product, titles[product])


def _nothing(path: Path, lacking: list[str], flag: str) -> FileError | ColumnError:
    if not lacking:
        return FileError(f"{path} has no row that can be used")
    ways = " ".join(f"{flag} {name}=COLUMN" for name in lacking)
    return ColumnError(f"{path} has no {', '.join(lacking)}. Say which columns with {ways}")
