"""doctor: is everything there that a worker needs?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import typer

from streams.cli.failures import EXIT_FAILED
from streams.cli.options import ConfigOption, ServersOption, settings_of

if TYPE_CHECKING:
    from inference.messages import ModelInfo
    from streams.admin import TopicReport
    from streams.config import Settings


class Mark(Enum):
    """What a finding is worth: a sign, and its colour."""

    GOOD = "✓", "green"
    DOUBTFUL = "!", "yellow"  # a worker would start, and it may be meant
    BAD = "✗", "red"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one look found."""

    mark: Mark
    sentence: str  # what is so or, where it is not good, what is wrong and what to do


def doctor(config: ConfigOption = None, bootstrap_servers: ServersOption = None) -> None:
    """Look at broker, topics, files, the page's port and models; say what is wrong, what to do.

    Example: shopstreams doctor --bootstrap-servers broker:9092
    """
    from rich.console import Console
    from rich.text import Text

    settings = settings_of(config, bootstrap_servers)
    console = Console()
    healthy = True
    for finding in findings(settings):
        sign, colour = finding.mark.value
        console.print(Text.assemble((f"{sign} ", colour), finding.sentence), soft_wrap=True)
        healthy = healthy and finding.mark is not Mark.BAD
    if not healthy:
        raise typer.Exit(EXIT_FAILED)


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield a finding a check, as each is made."""
    from streams.admin import cluster

    if broker := _error_of(lambda: cluster(settings.kafka)):
        yield Finding(mark=Mark.BAD, sentence=broker)
    else:
        yield Finding(
            mark=Mark.GOOD, sentence=f"a broker answers at {settings.kafka.bootstrap_servers}"
        )
        yield from _topic_findings(settings)
        settings = _with_models_in_force(settings)
    yield from _local_findings(settings)
    yield from _model_findings(settings)


def _local_findings(settings: Settings) -> Iterator[Finding]:
    from streams.local import needs
    from streams.state_dir import look_at_state_dir
    from streams.web.start import require_port

    folder, web = settings.engine.state_dir, settings.web
    writable = f"engine.state_dir can be written: {folder}"
    yield _finding(lambda: look_at_state_dir(folder), writable)
    for need in needs(settings):
        yield _finding(need.look, need.met)
    if web.enabled:
        # Doubtful: a worker that runs here already has it by right.
        free = f"the page's port is free: {web.host}:{web.port}"
        yield _finding(lambda: require_port(web), free, Mark.DOUBTFUL)


def _finding(look: Callable[[], object], good: str, otherwise: Mark = Mark.BAD) -> Finding:
    if problem := _error_of(look):
        return Finding(mark=otherwise, sentence=problem)
    return Finding(mark=Mark.GOOD, sentence=good)


def _with_models_in_force(settings: Settings) -> Settings:
    """Return the settings with the models that a worker would load, as far as that is known."""
    from streams.models.in_force import in_force, wanted

    found: dict[str, str] = {}
    if _error_of(lambda: found.update({k: v.in_use.source for k, v in in_force(settings).items()})):
        return settings
    return wanted(settings, found)


def _topic_findings(settings: Settings) -> Iterator[Finding]:
    from schemas.topics import Role
    from streams.admin import check_topics

    if not settings.kafka.declare_topics:
        yield Finding(
            mark=Mark.GOOD, sentence="topics are not checked: kafka.declare_topics is off"
        )
        return
    reports: list[TopicReport] = []
    if refusal := _error_of(lambda: reports.extend(check_topics(settings))):
        yield Finding(mark=Mark.BAD, sentence=refusal)
        return
    for report in reports:
        for difference in report.differences:
            yield Finding(mark=Mark.BAD, sentence=f"topic {report.name}: {difference}")
    good = [report for report in reports if not report.differences]
    if good:
        yield Finding(
            mark=Mark.GOOD, sentence=f"{len(good)} of {len(reports)} topics are as they should be"
        )
    topics = settings.named_topics()
    sources = {spec.name for spec in topics.of(Role.SOURCE)}
    counts = {report.partitions for report in reports if report.name in sources}
    if len(counts) == 1 and 0 not in counts:
        yield Finding(mark=Mark.GOOD, sentence=f"the sources have {counts.pop()} partitions each")
    dead = topics["dead-letters"]
    if any(report.name == dead.name for report in good):
        limit = dead.max_message_bytes
        yield Finding(mark=Mark.GOOD, sentence=f"{dead.name} takes records of {limit:,} bytes")
    yield from _replication_findings(settings)


def _replication_findings(settings: Settings) -> Iterator[Finding]:
    from streams.replication import replication_doubts

    doubts: list[str] = []
    if refusal := _error_of(lambda: doubts.extend(replication_doubts(settings))):
        yield Finding(mark=Mark.BAD, sentence=refusal)
    for doubt in doubts:
        yield Finding(mark=Mark.DOUBTFUL, sentence=doubt)


def _model_findings(settings: Settings) -> Iterator[Finding]:
    from inference.tasks.registry import MODERATION

    loaded: list[ModelInfo] = []
    if problem := _error_of(lambda: loaded.extend(asyncio.run(_load(settings)))):
        yield Finding(mark=Mark.BAD, sentence=f"models do not load: {problem}")
        return
    for model in loaded:
        yield Finding(mark=Mark.GOOD, sentence=_sentence_of(model))
        if model.slot == MODERATION and settings.moderation.enabled:
            yield from _policy_findings(settings, model)
    devices = sorted({model.device for model in loaded})
    asked = settings.inference.device.value
    yield Finding(
        mark=Mark.GOOD, sentence=f"models run on {', '.join(devices)} (asked for: {asked})"
    )


def _policy_findings(settings: Settings, model: ModelInfo) -> Iterator[Finding]:
    from inference.tasks.moderation_policy import unknown_attributes
    from streams.errors import StartupError
    from streams.moderation import require_policy

    try:
        policy = require_policy(settings.moderation)
    except StartupError:
        return  # it was found before
    for unknown in unknown_attributes(policy, model.labels):
        yield Finding(mark=Mark.DOUBTFUL, sentence=f"nothing is held for it: {unknown}")


def _sentence_of(model: ModelInfo) -> str:
    loads = f"{model.slot} loads: {model.name} ({model.hash}) in {model.dtype}"
    if model.plan is None:
        return loads
    padding = "without" if model.plan.packed else "with"
    threads = f", torch threads {model.plan.threads}" if model.plan.threads else ""
    return f"{loads}, {padding} padding{threads}: {model.plan.reason}"


async def _load(settings: Settings) -> list[ModelInfo]:
    from inference.fleet import connect
    from streams.config import inference_settings

    async with connect(inference_settings(settings)) as client:
        return list(client.models.values())


def _error_of(action: Callable[[], object]) -> str | None:
    from inference.errors import InferenceError
    from streams.errors import StreamsError

    try:
        action()
    except (StreamsError, InferenceError) as error:
        return str(error)
    return None
