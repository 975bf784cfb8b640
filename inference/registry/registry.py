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
from inference.training.data.labelling import labelling_of

_ABOUT, _ALIASES = "registry.json", "aliases.json"
_RECORD = ".json"
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
        """Make a registry whose versions are measured on a copy of `evaluation`.

        Raises `RegistryError`, and `ColumnError` where the slot has no attributes.
        """
        labelling_of(about.slot, about.attributes)
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
        found = [self._read(digest) for digest in self._hashes()]
        return sorted(found, key=lambda version: version.added_at, reverse=True)

    def aliases(self) -> Mapping[Alias, str]:
        """Return which version each alias names."""
        if not self.store.exists(_ALIASES):
            return {}
        return {Alias(name): str(digest) for name, digest in self.store.read(_ALIASES).items()}

    def add(self, folder: Path) -> Version:
        """Measure a model, copy it in, and make it the candidate unless it is live.

        The same again is measured no more, and its files are put back where they were damaged.
        Raises `ModelError` where the folder holds no model that a worker would take.
        """
        read_config(folder, str(folder))
        digest = content_hash(folder)
        is_known = digest in self._hashes()
        version = self._read(digest) if is_known else self._measured(folder, digest)
        self.store.put_folder(folder, f"versions/{digest}")
        if not is_known:
            self.store.write(f"records/{digest}{_RECORD}", version.to_json())
        with self.store.alone():
            aliases = self.aliases()
            if aliases.get(Alias.LIVE) != digest:
                self._point(aliases, {**aliases, Alias.CANDIDATE: digest})
        return version

    def find(self, name: str) -> Version:
        """Return the version of an alias, a hash or the beginning of one."""
        digest = self.aliases().get(Alias(name)) if name in set(Alias) else None
        if digest is None and name in set(Alias):
            raise RegistryError(f"no version in {self.store.address} is {name} yet")
        begun = [
            one
            for one in self._hashes()
            if digest == one or (digest is None and len(name) >= _SHORTEST and one.startswith(name))
        ]
        if len(begun) != 1:
            said = "several versions begin" if begun else "no version begins"
            raise RegistryError(f"{said} with {name!r} in {self.store.address}")
        return self._read(begun[0])

    def promote(self, name: str = Alias.CANDIDATE, *, force: bool = False) -> Version:
        """Make a version the live one, and the live one the previous.

        Raises `RegistryError` where it is worse than the live one and `force` is not given.
        """
        with self.store.alone():
            aliases = self.aliases()
            version = self.find(name)
            if aliases.get(Alias.LIVE) == version.hash:
                raise RegistryError(f"{version.hash} is live already")
            if Alias.LIVE in aliases and not force:
                _check_better(version, self.find(Alias.LIVE))
            self._point(aliases, _promoted(aliases, version.hash))
        return version

    def rollback(self) -> Version:
        """Make the previous version the live one again; once more undoes it."""
        with self.store.alone():
            aliases = self.aliases()
            version = self.find(Alias.PREVIOUS)
            swapped = {Alias.LIVE: version.hash, Alias.PREVIOUS: aliases[Alias.LIVE]}
            self._point(aliases, {**aliases, **swapped})
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

    def _hashes(self) -> list[str]:
        names = self.store.names("records")
        return [name.removesuffix(_RECORD) for name in names if name.endswith(_RECORD)]

    def _read(self, digest: str) -> Version:
        name = f"records/{digest}{_RECORD}"
        try:
            return Version.of(self.store.read(name), digest)
        except ValueError as error:
            raise RegistryError(
                f"{name} in {self.store.address} is no record of a version, {error}: delete it "
                "and add the model again"
            ) from error

    def _point(self, before: Mapping[Alias, str], after: Mapping[Alias, str]) -> None:
        # Where there is no lock, what another wrote meanwhile is seen here at the latest.
        if self.aliases() != before:
            raise RegistryError(
                f"the aliases in {self.store.address} were changed meanwhile: look at `shopstreams "
                "registry list` and try again"
            )
        self.store.write(_ALIASES, {alias.value: digest for alias, digest in after.items()})


def _promoted(aliases: Mapping[Alias, str], digest: str) -> dict[Alias, str]:
    moved = {Alias.LIVE: digest}
    if Alias.LIVE in aliases:
        moved[Alias.PREVIOUS] = aliases[Alias.LIVE]
    candidate = aliases.get(Alias.CANDIDATE)
    if candidate is not None and candidate != digest:
        moved[Alias.CANDIDATE] = candidate
    return moved


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
