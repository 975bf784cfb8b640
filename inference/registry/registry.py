"""Make a registry, add versions to it, promote one, roll back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from inference.errors import RegistryError
from inference.models.folder import read_config
from inference.models.loading import content_hash
from inference.registry.comparing import measure
from inference.registry.records import About, Alias, Version
from inference.registry.store import Store

_ABOUT, _ALIASES = "registry.json", "aliases.json"
_SHORTEST = 4
"""Digits of a hash by which a version may be named."""


class Registry:
    """An existing registry; raises `RegistryError` where there is none at the address."""

    def __init__(self, address: str) -> None:
        self.store = Store(address)
        if not self.store.exists(_ABOUT):
            raise RegistryError(
                f"there is no registry at {address}: make one with `shopstreams registry create`"
            )
        self.about = About.of(self.store.read(_ABOUT))

    @classmethod
    def create(cls, address: str, about: About, evaluation: Path) -> Registry:
        """Make a registry whose versions are measured on a copy of `evaluation`."""
        store = Store(address)
        if store.exists(_ABOUT):
            raise RegistryError(f"there is a registry at {address} already")
        if not evaluation.is_file():
            raise RegistryError(f"there is no evaluation file {evaluation}")
        store.put(evaluation, about.evaluation)
        store.write(_ABOUT, asdict(about))
        return cls(address)

    def versions(self) -> list[Version]:
        """Return all versions, the newest first."""
        records = (self.store.read(f"records/{name}") for name in self.store.names("records"))
        found = [Version.of(record) for record in records]
        return sorted(found, key=lambda version: version.added_at, reverse=True)

    def aliases(self) -> Mapping[Alias, str]:
        """Return which version each alias names."""
        if not self.store.exists(_ALIASES):
            return {}
        return {Alias(name): str(digest) for name, digest in self.store.read(_ALIASES).items()}

    def add(self, folder: Path) -> Version:
        """Measure a model, copy it in, and make it the candidate; the same again changes nothing.

        Raises `ModelError` where the folder holds no model that a worker would take.
        """
        read_config(folder, str(folder))
        digest = content_hash(folder)
        if self.store.exists(f"records/{digest}.json"):
            version = Version.of(self.store.read(f"records/{digest}.json"))
        else:
            version = self._measured(folder, digest)
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    self.store.put(path, f"versions/{digest}/{path.name}")
            self.store.write(f"records/{digest}.json", version.to_json())
        aliases = dict(self.aliases())
        if aliases.get(Alias.LIVE) != digest:
            self._point({**aliases, Alias.CANDIDATE: digest})
        return version

    def find(self, name: str) -> Version:
        """Return the version of an alias, a hash or the beginning of one."""
        digest = self.aliases().get(Alias(name)) if name in set(Alias) else None
        if digest is None and name in set(Alias):
            raise RegistryError(f"no version in {self.store.address} is {name} yet")
        begun = [
            one.removesuffix(".json")
            for one in self.store.names("records")
            if digest == one.removesuffix(".json")
            or (digest is None and len(name) >= _SHORTEST and one.startswith(name))
        ]
        if len(begun) != 1:
            said = "several versions begin" if begun else "no version begins"
            raise RegistryError(f"{said} with {name!r} in {self.store.address}")
        return Version.of(self.store.read(f"records/{begun[0]}.json"))

    def promote(self, name: str = Alias.CANDIDATE, *, force: bool = False) -> Version:
        """Make a version the live one, and the live one the previous.

        Raises `RegistryError` where it is worse than the live one and `force` is not given.
        """
        version = self.find(name)
        aliases = dict(self.aliases())
        if aliases.get(Alias.LIVE) == version.hash:
            raise RegistryError(f"{version.hash} is live already")
        if Alias.LIVE in aliases and not force:
            _check_better(version, self.find(Alias.LIVE))
        moved = {Alias.LIVE: version.hash}
        if Alias.LIVE in aliases:
            moved[Alias.PREVIOUS] = aliases[Alias.LIVE]
        candidate = aliases.get(Alias.CANDIDATE)
        if candidate not in {None, version.hash}:
            moved[Alias.CANDIDATE] = str(candidate)
        self._point(moved)
        return version

    def rollback(self) -> Version:
        """Make the previous version the live one again; once more undoes it."""
        version = self.find(Alias.PREVIOUS)
        aliases = dict(self.aliases())
        swapped = {Alias.LIVE: version.hash, Alias.PREVIOUS: aliases[Alias.LIVE]}
        self._point({**aliases, **swapped})
        return version

    def _measured(self, folder: Path, digest: str) -> Version:
        with tempfile.TemporaryDirectory() as place:
            file = self.store.local(self.about.evaluation)
            if file is None:
                file = Path(place) / Path(self.about.evaluation).name
                self.store.get(self.about.evaluation, file)
            n, macro_f1, interval, accuracy = measure(self.about, folder, file)
        return Version(
            hash=digest,
            name=folder.resolve().name,
            added_at=datetime.now(UTC).isoformat(timespec="seconds"),
            n=n,
            macro_f1=macro_f1,
            interval=interval,
            accuracy=accuracy,
        )

    def _point(self, aliases: Mapping[Alias, str]) -> None:
        self.store.write(_ALIASES, {alias.value: digest for alias, digest in aliases.items()})


def _check_better(version: Version, live: Version) -> None:
    if version.macro_f1 < live.macro_f1:
        raise RegistryError(
            f"{version.hash} is worse than the live version {live.hash} on the {live.n} texts of "
            f"the evaluation: macro-F1 {_told(version)} against {_told(live)}. --force takes it "
            "nevertheless"
        )


def _told(version: Version) -> str:
    low, high = version.interval
    return f"{100 * version.macro_f1:.1f} ({100 * low:.1f} to {100 * high:.1f})"
