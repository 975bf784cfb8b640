"""What a failed forward pass says of its cause. Knows torch's errors by their names alone."""

from __future__ import annotations

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "alloc_failed", "not enough memory")
"""CUDA's allocator, the CPU's, cuBLAS and the CPU's on Windows, in lower case."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether less at once would have helped."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(word in said for word in _OUT_OF_MEMORY)
