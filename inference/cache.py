"""Rows of texts that were computed: the same text of the same model has the same row."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from inference.messages import Floats, Item, ModelInfo

ENTRY_BYTES = 300
"""What an entry takes beside its numbers: the key, the array's head, the places in two lists."""
DIGEST_BYTES = 16

Key = tuple[str, str, str, bytes]
"""Slot, content hash of the model, what it computes with, digest of the text."""


def key_of(model: ModelInfo, item: Item) -> Key:
    """Return what names an item's row, without the text."""
    texts, kind = ([item], b"text") if isinstance(item, str) else (item, b"history")
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES, person=kind)
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return model.slot, model.hash, model.dtype, digest.digest()


class RowCache:
    """Rows by key; when they are too many bytes, those used longest ago go."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._rows: OrderedDict[Key, Floats] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: Key) -> Floats | None:
        """Return the row, if it is known."""
        row = self._rows.get(key)
        if row is not None:
            self._rows.move_to_end(key)
        return row

    def put(self, key: Key, row: Floats) -> None:
        """Keep a copy of a row."""
        known = self._rows.pop(key, None)
        if known is not None:
            self.bytes -= _size(known)
        self._rows[key] = row.copy()
        self.bytes += _size(row)
        while self.bytes > self._most_bytes:
            _, oldest = self._rows.popitem(last=False)
            self.bytes -= _size(oldest)


def _size(row: Floats) -> int:
    return row.nbytes + ENTRY_BYTES
