"""The tasks and what they are tied to."""

from __future__ import annotations

import pytest

from inference.messages import Lane
from inference.tasks.registry import TASKS, task
from schemas.topics import DEFAULT_TOPICS, Role


def test_each_task_reads_a_source_and_writes_its_own_result() -> None:
    sources = {spec.id for spec in DEFAULT_TOPICS if spec.role is Role.SOURCE}
    results = {spec.message for spec in DEFAULT_TOPICS if spec.role is Role.RESULT}
    for spec in TASKS:
        assert spec.source in sources
        assert spec.result in results
        assert getattr(spec.result, "task", None) == spec.name
        assert task(spec.name) is spec


def test_names_lanes_and_results_are_each_tasks_own() -> None:
    assert len({spec.name for spec in TASKS}) == len(TASKS)
    assert len({spec.result for spec in TASKS}) == len(TASKS)
    assert next(iter(Lane)) is Lane.CHAT


def test_an_unknown_task_is_none() -> None:
    with pytest.raises(KeyError):
        task("dance")
