"""`registry:PATH@VERSION`: how a configuration and a command name a version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

REGISTRY: Final = "registry:"


@dataclass(frozen=True, kw_only=True)
class Named:
    """A version, or a name that moves from version to version, in a registry."""

    place: str  # a folder, or an address that fsspec knows
    version: str | None  # an alias, a hash or its beginning; None where none is named

    @classmethod
    def of(cls, source: str) -> Self | None:
        """Return what a source names; None where it is no registry's."""
        if not source.startswith(REGISTRY):
            return None
        address = source.removeprefix(REGISTRY)
        place, at, version = address.rpartition("@")
        if not at or "/" in version:  # `sftp://user@host/models` names no version
            return cls(place=address, version=None)
        return cls(place=place, version=version)

    def at(self, version: str) -> Self:
        """Return the same registry's other version."""
        return replace(self, version=version)

    def __str__(self) -> str:
        """Return the source that names it."""
        return f"{REGISTRY}{self.place}" + (f"@{self.version}" if self.version else "")
