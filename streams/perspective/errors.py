"""What is refused, as Perspective's API says it: programs tell by `status` and `errorType`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

TYPE: Final = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"


class Status(Enum):
    """Google's status codes that are used here, each with its HTTP status."""

    INVALID_ARGUMENT = HTTPStatus.BAD_REQUEST
    UNAUTHENTICATED = HTTPStatus.UNAUTHORIZED
    PERMISSION_DENIED = HTTPStatus.FORBIDDEN
    RESOURCE_EXHAUSTED = HTTPStatus.TOO_MANY_REQUESTS
    UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
    DEADLINE_EXCEEDED = HTTPStatus.GATEWAY_TIMEOUT


class Refused(Exception):
    """A request that gets no scores."""

    def __init__(
        self, status: Status, message: str, kind: str | None = None, **details: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self._details = {"@type": TYPE, "errorType": kind, **details} if kind else None

    def body(self) -> dict[str, Any]:
        """Return what is answered."""
        error: dict[str, Any] = error_body(self.status, str(self))["error"]
        return {"error": error | ({"details": [self._details]} if self._details else {})}


def error_body(status: Status, message: str) -> dict[str, Any]:
    """Return an error in the form of Google's APIs."""
    return {
        "error": {"code": int(status.value), "message": message, "status": status.name},
    }


def invalid(message: str, kind: str = "INVALID_REQUEST", **details: Any) -> Refused:
    """Return the refusal of a request that will never be right."""
    return Refused(Status.INVALID_ARGUMENT, message, kind, **details)


def wrong_language(attribute: str, languages: Sequence[str], are_requested: bool) -> Refused:
    """Return the refusal of an attribute that has no model for these languages."""
    which = "requestedLanguages" if are_requested else "detectedLanguages"
    return invalid(
        f"Attribute {attribute} does not support request languages: {', '.join(languages)}",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={which: list(languages), "attribute": attribute},
    )
