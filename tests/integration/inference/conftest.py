"""A worker process with a toy model, one a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inference.client import InferenceClient
from inference.settings import InferenceSettings
from tests.toys.asking import TOY, toy_settings
from tests.toys.hold import Hold


@pytest.fixture
def settings(tmp_path: Path) -> InferenceSettings:
    folder = tmp_path / "model"
    folder.mkdir()
    return toy_settings(folder)


@pytest.fixture
async def client(settings: InferenceSettings) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(settings, worker_module=TOY) as started:
        yield started


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    return Hold(tmp_path / "hold")
