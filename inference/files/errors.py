"""What can be wrong with a file or with what is asked of it.

FilesError (an `InferenceError`)
├── FileError        the file cannot be read as what it seems to be
├── ColumnError      the file lacks a column, or a mapping is malformed
└── DataError        `inference.training.data`: rows that nothing can be trained on
"""

from __future__ import annotations

from inference.errors import InferenceError


class FilesError(InferenceError):
    """Base of this package's errors; each message is a sentence for the person who asked."""


class FileError(FilesError):
    """The file cannot be read as what it seems to be; the message names file and line."""


class ColumnError(FilesError):
    """The file has no column for a field that is needed, or a mapping is malformed."""


class DataError(FilesError):
    """Rows that nothing can be trained on or measured with; the message says which and why."""
