"""Podman's commands, as this machine needs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
COMPOSE = "podman-compose==1.6.0"
BUILD_LIMIT_S = 3600.0
COMMAND_LIMIT_S = 600.0


def settings(folder: Path, *, is_alone: bool) -> dict[str, str]:
    """Return the environment for podman.

    Where systemd does not run, as in a small virtual machine, the settings are our own. Alone,
    without a registry, an image's short name is that of a local one.
    """
    environ = {**os.environ, "BUILDAH_FORMAT": "docker"}  # the other has no health checks
    if not Path("/run/systemd/system").is_dir():
        environ.setdefault("CONTAINERS_CONF", str(HERE / "containers.conf"))
    if is_alone:
        registries = folder / "registries.conf"
        registries.write_text("unqualified-search-registries = []\n", encoding="utf-8")
        environ["CONTAINERS_REGISTRIES_CONF"] = str(registries)
    return environ


class Podman:
    """Runs commands in one environment; each raises where it fails."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def run(
        self, *arguments: str | Path, limit_s: float = COMMAND_LIMIT_S, cwd: Path | None = None
    ) -> str:
        """Return what `podman ARGUMENTS` prints."""
        return self._run(["podman", *map(str, arguments)], limit_s, cwd)

    def compose(self, *arguments: str, limit_s: float = COMMAND_LIMIT_S) -> str:
        """Return what `podman-compose ARGUMENTS` prints."""
        return self._run([*_compose(), *arguments], limit_s)

    def has(self, image: str) -> bool:
        """Whether the image is here."""
        done = subprocess.run(["podman", "image", "exists", image], env=self.environ, check=False)
        return done.returncode == 0

    def build(self, image: str, folder: Path, *arguments: str) -> None:
        """Build an image, showing how it goes."""
        command = ["podman", "build", "-t", image, *arguments, str(folder)]
        subprocess.run(
            command, env=self.environ, check=True, timeout=BUILD_LIMIT_S, stdout=sys.stderr
        )

    def _run(self, command: list[str], limit_s: float, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command,
            env=self.environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=limit_s,
            cwd=cwd,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-3000:]}")
        return done.stdout


def _compose() -> list[str]:
    found = shutil.which("podman-compose")
    uv = Path(sys.prefix) / "bin/uv"
    return [found] if found else [str(uv), "tool", "run", "--from", COMPOSE, "podman-compose"]
