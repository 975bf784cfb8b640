"""Files of a registry, in a folder or wherever fsspec reaches."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from inference.errors import RegistryError
from inference.files.whole import written_whole
from inference.locks import locked

_LOCK: Final = ".lock"


class Store:
    """Small files and folders under one address; every name is relative to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            self._files, self._root = url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise RegistryError(f"{address} cannot be reached: {error}") from error

    @property
    def name(self) -> str:
        """The last part of the address."""
        return str(self._root).rstrip("/").rpartition("/")[2]

    def exists(self, name: str) -> bool:
        """Return whether there is such a file or folder."""
        return bool(self._files.exists(self._path(name)))

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where it is not there."""
        if not self.exists(folder):
            return []
        found = self._files.ls(self._path(folder), detail=False)
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)

    def read(self, name: str) -> dict[str, Any]:
        """Return a JSON file; raises `RegistryError` where it is not there or damaged."""
        try:
            content = json.loads(self._files.cat_file(self._path(name)))
        except (OSError, json.JSONDecodeError) as error:
            raise RegistryError(f"{name} in {self.address} cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise RegistryError(f"{name} in {self.address} is no JSON object")
        return content

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file, whole or not at all: in a folder by renaming, elsewhere as one put."""
        data = (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
        if not isinstance(self._files, LocalFileSystem):
            self._files.pipe_file(self._path(name), data)
            return
        with self._written(name) as file:
            file.write(data)

    def put(self, source: Path, name: str) -> None:
        """Copy a file in; in a folder, whoever has the one before open keeps that."""
        if not isinstance(self._files, LocalFileSystem):
            path = self._path(name)
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(source), path)
            return
        with self._written(name) as file, source.open("rb") as content:
            shutil.copyfileobj(content, file)

    def put_folder(self, source: Path, name: str) -> None:
        """Copy a folder's files in, and take out what else the folder here holds.

        Folders in it are left out: a classifier has none.
        """
        files = {path.name: path for path in sorted(source.iterdir()) if path.is_file()}
        for one in set(self.names(name)) - set(files):
            self._files.rm(self._path(f"{name}/{one}"), recursive=True)
        for one, path in files.items():
            self.put(path, f"{name}/{one}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others who write here waiting; nobody where the address is no folder."""
        root = self.local("")
        if root is None:
            yield
            return
        with locked(root / _LOCK):
            yield

    def get(self, name: str, target: Path) -> None:
        """Copy a file out."""
        self._files.get_file(self._path(name), str(target))

    def local(self, name: str) -> Path | None:
        """Return where a file or folder lies on this machine; None where it does not."""
        is_here = isinstance(self._files, LocalFileSystem)
        return Path(self._path(name)) if is_here else None

    def _written(self, name: str) -> AbstractContextManager[BinaryIO]:
        path = Path(self._path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        return written_whole(path)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"
