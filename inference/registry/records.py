"""What is written down of a registry and of each version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

_HASH: Final = re.compile(r"[0-9a-f]{16}")


class Alias(StrEnum):
    """A name that moves from version to version."""

    CANDIDATE = "candidate"
    LIVE = "live"
    PREVIOUS = "previous"


@dataclass(frozen=True, kw_only=True)
class About:
    """The registry itself."""

    slot: str  # sentiment, intent, moderation or aspects
    evaluation: str  # name of the file that all versions are measured on
    columns: Mapping[str, str] = field(default_factory=dict)  # our field -> the file's column
    attributes: tuple[str, ...] = ()  # columns of 0 and 1, for moderation

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> About:
        """Return what was written."""
        return cls(**{**content, "attributes": tuple(content.get("attributes", ()))})


@dataclass(frozen=True, kw_only=True)
class Version:
    """One model."""

    hash: str  # of its content
    name: str  # its folder's, when it was added
    added_at: str  # ISO 8601, UTC
    n: int  # texts of the evaluation file
    macro_f1: float
    interval: tuple[float, float]  # of macro-F1, 95%, by bootstrap
    accuracy: float  # of attributes: the share of texts with all of them right

    @classmethod
    def of(cls, content: Mapping[str, Any], digest: str) -> Version:
        """Return what was written of the version `digest`; `ValueError` for what is not of it.

        A hash names folders, so that one which leads elsewhere is none.
        """
        if not _HASH.fullmatch(digest) or content.get("hash") != digest:
            raise ValueError(f"its hash is not {digest}, 16 hex digits")
        try:
            return cls(**{**content, "interval": tuple(content["interval"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"its fields are not those of a version: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """Return what is written."""
        return asdict(self)
