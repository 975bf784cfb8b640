"""Everything, in one command: see this package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.containers import stack
from tests.containers.podman import Podman, settings
from tests.containers.stand_ins import build_stand_ins
from tests.waiting import wait_until

SERVICES = ["kafka", "topics", "token", "worker", "feed", "prometheus"]
BROKER_TESTS = "tests/integration/test_broker.py"
SOCKET_LIMIT_S = 20.0


def main() -> int:
    """Run all of it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.containers")
    parser.add_argument("--stand-ins", action="store_true", help="no image registry is reached")
    parser.add_argument("--no-build", action="store_true", help="the image is here already")
    asked = parser.parse_args()
    os.chdir(stack.ROOT)
    with tempfile.TemporaryDirectory() as folder:
        podman = Podman(settings(Path(folder), is_alone=asked.stand_ins))
        if asked.stand_ins:
            build_stand_ins(podman)
        if not asked.no_build:
            podman.build("shopstreams", stack.ROOT)
        seen = {"image_mb": image_mb(podman)} | look(podman, has_grafana=not asked.stand_ins)
        with docker_socket(podman) as environ:
            seen["broker_tests"] = broker_tests(environ)
    print(json.dumps(seen, indent=2))
    return 0


def look(podman: Podman, *, has_grafana: bool) -> dict[str, Any]:
    """Bring everything up, look at it, and let two more workers join."""
    services = [*SERVICES, *(["grafana"] if has_grafana else [])]
    seen: dict[str, Any] = {}
    with stack.up(podman, services) as began:
        seen["seconds_to_first_outcome"] = stack.first_outcomes(began)
        wait_until(lambda: stack.status("/readyz") == 200, stack.LIMIT_S)
        podman.run("healthcheck", "run", container(podman, "worker"))
        seen["inside"] = stack.look_inside(podman)
        seen["page_outcomes"] = stack.look_at_page(podman)
        seen["one_worker"] = stack.look_at_prometheus(1)
        seen["panel_expressions"] = stack.look_at_panels()
        if has_grafana:
            seen["dashboards"] = stack.look_at_grafana()
        podman.compose("--profile", "scale", "up", "-d", "--no-deps", "worker-2", "worker-3")
        seen["three_workers"] = stack.look_at_prometheus(3)
    return seen


def container(podman: Podman, service: str) -> str:
    """Return the container of a service."""
    label = f"label=com.docker.compose.service={service}"
    return podman.run("ps", "-q", "--filter", label).split()[0]


def image_mb(podman: Podman) -> int:
    """Return the size of the image."""
    return int(podman.run("image", "inspect", "--format", "{{.Size}}", "shopstreams")) // 10**6


@contextmanager
def docker_socket(podman: Podman) -> Iterator[Mapping[str, str]]:
    """Serve Docker's API by podman, and yield the environment that leads to it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "podman.sock"
        service = subprocess.Popen(
            ["podman", "system", "service", "--time=0", f"unix://{path}"], env=podman.environ
        )
        try:
            wait_until(path.exists, SOCKET_LIMIT_S)
            yield {**podman.environ, "DOCKER_HOST": f"unix://{path}"}
        finally:
            service.terminate()
            service.wait()


def broker_tests(environ: Mapping[str, str]) -> str:
    """Run the tests of the broker against one that testcontainers starts; return their last line.

    Its helper that removes what is left behind is an image of its own, which may not be here.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", BROKER_TESTS],
        env={**environ, "TESTCONTAINERS_RYUK_DISABLED": "true", "CI": "true"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
