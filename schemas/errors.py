"""What can be wrong with a record.

SchemaError
├── DecodeError       the bytes of one record are not the event they should be
├── MappingError      a configured field path cannot be used
└── ContractError     a change would break a reader of the last release
"""

from __future__ import annotations


class SchemaError(Exception):
    """Base of all errors of this package."""


class DecodeError(SchemaError):
    """The bytes of one record are not the event they should be.

    `reason` is a sentence for a person and holds no value from the record, because reasons are
    logged and published; `code` is stable and fit for a metric's label.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class MappingError(SchemaError):
    """A configured field path cannot be used; the message says which and why."""


class ContractError(SchemaError):
    """A change would break a reader of the last release; `breaks` lists each place."""

    def __init__(self, breaks: list[str]) -> None:
        super().__init__("; ".join(breaks))
        self.breaks = breaks
