"""Text that a tokenizer takes."""

from __future__ import annotations


def whole_characters(text: str) -> str:
    """Return the text with its surrogate pairs joined and lone halves as U+FFFD.

    JSON can carry half a character (`"\\ud83d"`), and a tokenizer refuses the whole batch over it.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
