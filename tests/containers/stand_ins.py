"""Images in the place of those that no registry gives: Debian's packages and Maven's jars."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.containers.podman import HERE, Podman
from tests.kafka.jars import fetch, kafka_jars

FOLDER = HERE / "stand_ins"
BASE = "debian:bookworm-slim"
AUTHORITIES = Path("etc/ssl/certs/ca-certificates.crt")
PYTHON = "python:3.11-slim"
KAFKA = "apache/kafka:4.1.0"
PROMETHEUS = "prom/prometheus:v3.5.0"


def build_stand_ins(podman: Podman) -> None:
    """Build what is not here; needs debootstrap, Java and Maven."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if not podman.has(BASE):
            _build_base(podman, scratch)
        for image, folder in ((PYTHON, "python"), (PROMETHEUS, "prometheus")):
            if not podman.has(image):
                podman.build(image, FOLDER / folder)
        if not podman.has(KAFKA):
            podman.build(KAFKA, _kafka_context(scratch / "kafka"))


def _build_base(podman: Podman, scratch: Path) -> None:
    root, archive = scratch / "root", scratch / "root.tar"
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.copyfile(Path("/") / AUTHORITIES, root / AUTHORITIES)
    for cache in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(root / cache)
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    shutil.rmtree(root)
    podman.run("import", "--change", 'CMD ["bash"]', archive, BASE)


def _kafka_context(folder: Path) -> Path:
    shutil.copytree(FOLDER / "kafka", folder)
    fetch(folder / "pom.xml", folder / "libs")
    for jar in kafka_jars().glob("*.jar"):
        shutil.copy(jar, folder / "libs")
    return folder
