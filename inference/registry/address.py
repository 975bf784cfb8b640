"""From a version's name to its folder on this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from inference.errors import ModelError, RegistryError
from inference.models.loading import content_hash
from inference.registry.named import Named
from inference.registry.records import Alias
from inference.registry.registry import Registry
from inference.user_cache import user_cache


def fetch(named: Named) -> tuple[Path, str]:
    """Return a version's folder and what results call it; of a registry alone, the live one's.

    A registry elsewhere is copied into the user's cache, once for each version. Raises
    `ModelError`.
    """
    try:
        registry = Registry(named.place)
        version = registry.find(named.version or Alias.LIVE.value)
        folder = registry.store.local(f"versions/{version.hash}")
        if folder is None:
            folder = _cached(registry, version.hash)
    except RegistryError as error:
        raise ModelError(str(error)) from error
    if content_hash(folder) != version.hash:
        raise ModelError(
            f"version {version.hash} in {named.place} is damaged, its files are not those that "
            "were added: add the model again, or roll back"
        )
    return folder, f"{registry.store.name}@{version.hash}"


def _cached(registry: Registry, digest: str) -> Path:
    folder = user_cache("registry") / digest
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        for name in registry.store.names(f"versions/{digest}"):
            registry.store.get(f"versions/{digest}/{name}", Path(draft) / name)
        whole = Path(draft).with_suffix(".whole")
        shutil.copytree(draft, whole)
    try:
        whole.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(whole, ignore_errors=True)
    return folder
