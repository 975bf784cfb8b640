"""doctor: is everything there that a worker needs?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from streams.cli.failures import EXIT_FAILED
from streams.cli.options import ConfigOption, ServersOption, settings_of

if TYPE_CHECKING:
    from inference.messages import ModelInfo
    from streams.admin import TopicReport
    from streams.config import Settings


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one look found."""

    good: bool
    sentence: str  # what is so or, where it is not good, what is wrong and what to do


def doctor(config: ConfigOption = None, bootstrap_servers: ServersOption = None) -> None:
    """Look at broker, topics, policies and models; say what is wrong and what to do.

    Example: shopstreams doctor --bootstrap-servers broker:9092
    """
    from rich.console import Console
    from rich.text import Text

    settings = settings_of(config, bootstrap_servers)
    console = Console()
    healthy = True
    for finding in findings(settings):
        mark = ("✓ ", "green") if finding.good else ("✗ ", "red")
        console.print(Text.assemble(mark, finding.sentence), soft_wrap=True)
        healthy = healthy and finding.good
    if not healthy:
        raise typer.Exit(EXIT_FAILED)


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield a finding a check, as each is made."""
    from streams.admin import cluster

    if broker := _error_of(lambda: cluster(settings.kafka)):
        yield Finding(good=False, sentence=broker)
    else:
        yield Finding(good=True, sentence=f"a broker answers at {settings.kafka.bootstrap_servers}")
        yield from _topic_findings(settings)
        settings = _with_models_in_force(settings)
    if settings.moderation.enabled:
        yield _policy_finding(settings)
    if settings.aspects.enabled:
        yield _words_finding(settings)
    yield from _model_findings(settings)


def _policy_finding(settings: Settings) -> Finding:
    from streams.moderation import policy_file, require_policy

    if problem := _error_of(lambda: require_policy(settings.moderation)):
        return Finding(good=False, sentence=problem)
    file = policy_file(settings.moderation)
    return Finding(good=True, sentence=f"the moderation policy can be used: {file}")


def _words_finding(settings: Settings) -> Finding:
    from streams.aspects import require_words, words_file

    if problem := _error_of(lambda: require_words(settings.aspects)):
        return Finding(good=False, sentence=problem)
    file = words_file(settings.aspects)
    return Finding(good=True, sentence=f"the words of aspects can be used: {file}")


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
        yield Finding(good=True, sentence="topics are not checked: kafka.declare_topics is off")
        return
    reports: list[TopicReport] = []
    if refusal := _error_of(lambda: reports.extend(check_topics(settings))):
        yield Finding(good=False, sentence=refusal)
        return
    for report in reports:
        for difference in report.differences:
            yield Finding(good=False, sentence=f"topic {report.name}: {difference}")
    good = [report for report in reports if not report.differences]
    if good:
        yield Finding(
            good=True, sentence=f"{len(good)} of {len(reports)} topics are as they should be"
        )
    topics = settings.named_topics()
    sources = {spec.name for spec in topics.of(Role.SOURCE)}
    counts = {report.partitions for report in reports if report.name in sources}
    if len(counts) == 1 and 0 not in counts:
        yield Finding(good=True, sentence=f"the sources have {counts.pop()} partitions each")
    dead = topics["dead-letters"]
    if any(report.name == dead.name for report in good):
        limit = dead.max_message_bytes
        yield Finding(good=True, sentence=f"{dead.name} takes records of {limit:,} bytes")


def _model_findings(settings: Settings) -> Iterator[Finding]:
    loaded: list[ModelInfo] = []
    if problem := _error_of(lambda: loaded.extend(asyncio.run(_load(settings)))):
        yield Finding(good=False, sentence=f"models do not load: {problem}")
        return
    for model in loaded:
        yield Finding(good=True, sentence=_sentence_of(model))
    devices = sorted({model.device for model in loaded})
    asked = settings.inference.device.value
    yield Finding(good=True, sentence=f"models run on {', '.join(devices)} (asked for: {asked})")


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
