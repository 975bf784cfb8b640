"""From a version's name to its folder on this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from inference.errors import ModelError, RegistryError
from inference.locks import locked
from inference.models.loading import content_hash
from inference.registry.named import Named
from inference.registry.records import Alias
from inference.registry.registry import Registry
from inference.user_cache import user_cache

_LOCK: Final = ".lock"


def fetch(named: Named) -> tuple[Path, str]:
    """Return a version's folder and what results call it; of a registry alone, the live one's.

    A registry elsewhere is copied into the user's cache, once for each version, and once more
    where the copy is damaged. Raises `ModelError`.
    """
    try:
        registry = Registry(named.place)
        version = registry.find(named.version or Alias.LIVE.value)
        folder = registry.store.local(f"versions/{version.hash}")
        if folder is None:
            folder = _copied(registry, version.hash)
    except RegistryError as error:
        raise ModelError(str(error)) from error
    if not _is_whole(folder, version.hash):
        raise ModelError(
            f"version {version.hash} in {named.place} is damaged, its files are not those that "
            "were added: add the model again, or roll back"
        )
    return folder, f"{registry.store.name}@{version.hash}"


def _copied(registry: Registry, digest: str) -> Path:
    cache = user_cache("registry")
    folder = cache / digest
    # Of several workers that start at once, one copies and the others find it.
    with locked(cache / _LOCK):
        if _is_whole(folder, digest):
            return folder
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            whole = Path(draft) / digest
            whole.mkdir()
            for name in registry.store.names(f"versions/{digest}"):
                registry.store.get(f"versions/{digest}/{name}", whole / name)
            shutil.rmtree(folder, ignore_errors=True)
            whole.rename(folder)
    return folder


def _is_whole(folder: Path, digest: str) -> bool:
    return folder.is_dir() and content_hash(folder) == digest
