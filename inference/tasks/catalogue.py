"""What can be bought, with the vectors that the model gave it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.base import Language
from schemas.reference import CatalogueItem

Floats = npt.NDArray[np.float32]

_FIRST_ROWS: Final = 64


def item_text(item: CatalogueItem) -> str:
    """Return what the model sees of an item: "Electric kettle | Kitchen"."""
    title = " ".join(item.title.split())
    return f"{title} | {item.category}" if item.category else title


class Catalogue:
    """The items of one shop and the matrix of their vectors, row by row.

    Owned by one caller, changed by `put` and `remove` alone: a change writes one row, and the
    matrix doubles when it is full. Rows move, so that ids and vectors are read together.
    """

    def __init__(self, width: int) -> None:
        """`width` is the length of a vector."""
        self._matrix: Floats = np.zeros((_FIRST_ROWS, width), dtype=np.float32)
        self._available: npt.NDArray[np.bool_] = np.zeros(_FIRST_ROWS, dtype=np.bool_)
        self._items: list[CatalogueItem] = []
        self._row_of: dict[str, int] = {}
        self.layout = object()
        """Another one as soon as a row holds another product."""

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, product_id: str) -> bool:
        return product_id in self._row_of

    @property
    def vectors(self) -> Floats:
        """The matrix [items, width]: a view, valid until the next change."""
        return self._matrix[: len(self._items)]

    @property
    def available(self) -> npt.NDArray[np.bool_]:
        """Whether each row can be bought [items]: a view, valid until the next change."""
        return self._available[: len(self._items)]

    def items(self) -> Sequence[CatalogueItem]:
        """Return all items, by row."""
        return tuple(self._items)

    def item(self, row: int) -> CatalogueItem:
        """Return the item of a row."""
        return self._items[row]

    def row(self, product_id: str) -> int | None:
        """Return the row of a product, None where it is not known."""
        return self._row_of.get(product_id)

    def rows(self, product_ids: Iterable[str]) -> list[int]:
        """Return the rows of the products that are known, in their order."""
        return [self._row_of[known] for known in product_ids if known in self._row_of]

    def texts(self, product_ids: Iterable[str]) -> list[str]:
        """Return what the model sees of the products that are known, in their order."""
        return [item_text(self._items[row]) for row in self.rows(product_ids)]

    def title(self, product_id: str, language: Language) -> str | None:
        """Return the product's title, in `language` where there is one, None if not known."""
        row = self._row_of.get(product_id)
        return None if row is None else self._items[row].title_in(language)

    def wants_vector(self, item: CatalogueItem) -> bool:
        """Whether the model must see the item: it is new, or its text has changed."""
        row = self._row_of.get(item.product_id)
        return row is None or item_text(self._items[row]) != item_text(item)

    def put(self, item: CatalogueItem, vector: Floats | None = None) -> None:
        """Add the item or replace the one of its id; without a vector the old one stays.

        Raises `ValueError` if there is no old one to stay, or the vector is of another length.
        """
        if vector is not None and vector.shape != self._matrix.shape[1:]:
            raise ValueError(f"a vector of {self._matrix.shape[1]} expected, got {vector.shape}")
        row = self._row_of.get(item.product_id)
        if row is None:
            if vector is None:
                raise ValueError("a new item needs a vector")
            row = self._new_row(item)
        self._items[row] = item
        self._available[row] = item.available
        if vector is not None:
            self._matrix[row] = vector

    def remove(self, product_id: str) -> None:
        """Take the item out; one that is not there is no error. The last row takes its place."""
        row = self._row_of.pop(product_id, None)
        if row is None:
            return
        self.layout = object()
        last = len(self._items) - 1
        moved = self._items.pop()
        if row != last:
            self._items[row] = moved
            self._row_of[moved.product_id] = row
            self._matrix[row] = self._matrix[last]
            self._available[row] = self._available[last]

    def _new_row(self, item: CatalogueItem) -> int:
        self.layout = object()
        row = len(self._items)
        if row == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
            self._available = np.concatenate([self._available, np.zeros_like(self._available)])
        self._items.append(item)
        self._row_of[item.product_id] = row
        return row
