"""Requests, as Perspective's API takes them: fields of other names or types are refused, as there.

What steers its service and has no meaning here is taken and left alone: `doNotStore` (nothing is
stored), `sessionId`, `communityId` and `context`, which it said that it did not read either.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from streams.perspective.errors import Refused, invalid

MAX_BYTES: Final = 20 * 1024
"""Of a comment, in UTF-8."""
_PLAIN: Final = frozenset({"PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"})
_PROBABILITY: Final = frozenset({"PROBABILITY", "SCORE_TYPE_UNSPECIFIED"})


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )


class TextEntry(_Part):
    """A text and its form."""

    text: str = ""
    type: str = "PLAIN_TEXT"


class Wish(_Part):
    """How one attribute is wanted."""

    score_type: str = "PROBABILITY"
    score_threshold: float = 0.0  # lower scores are left out


class Context(_Part):
    """What the comment is about; of the two forms one."""

    entries: list[TextEntry] | None = None
    article_and_parent_comment: dict[str, Any] | None = None


class Analyze(_Part):
    """One comment to be scored."""

    comment: TextEntry = TextEntry()
    context: Context | None = None
    requested_attributes: dict[str, Wish] = Field(default_factory=dict)
    languages: list[str] = Field(default_factory=list)  # BCP 47; none: they are detected
    do_not_store: bool = False
    drop_unsupported_attributes: bool = False
    span_annotations: bool = False
    client_token: str | None = None  # comes back
    session_id: str | None = None
    community_id: str | None = None


def read_request(body: bytes) -> Analyze:
    """Return the request in `body`; raises `Refused` in the API's words."""
    try:
        request = Analyze.model_validate_json(body)
    except ValidationError as error:
        raise _malformed(error) from error
    size = len(request.comment.text.encode())
    if not request.comment.text.strip():
        raise invalid("Comment must be non-empty.", "COMMENT_EMPTY")
    if size > MAX_BYTES:
        raise invalid("Comment text too long.", "COMMENT_TOO_LONG")
    if request.comment.type not in _PLAIN:
        raise invalid("Currently, only 'PLAIN_TEXT' comments are supported")
    if not request.requested_attributes:
        raise invalid("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    _check_context(request.context)
    for name, wish in request.requested_attributes.items():
        if wish.score_type not in _PROBABILITY:
            kind = wish.score_type
            raise invalid(f"Requested score type {kind} is not supported by attribute {name}")
    return request


def _check_context(context: Context | None) -> None:
    both = context and context.entries and context.article_and_parent_comment
    if both:
        raise invalid(
            "Context can have either entries or article_and_parent_comment,"
            " but both fields were populated."
        )


def _malformed(error: ValidationError) -> Refused:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        name, parent = problem["loc"][-1], ".".join(map(str, problem["loc"][:-1]))
        at = f' at "{parent}"' if parent else ""
        return invalid(
            f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
        )
    place = f" at {where}" if where else ""
    return invalid(f"Invalid JSON payload received{place}: {problem['msg']}")
