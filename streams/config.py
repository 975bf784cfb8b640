"""The settings: read once at the edge and passed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError

from schemas.hints import nearest
from schemas.topics import MODERATION, Topics
from streams.config_checks import (
    FieldPaths,
    MaskedKinds,
    TopicNames,
)
from streams.config_sections import (
    AspectsSettings,
    EngineSettings,
    InferenceSection,
    KafkaSettings,
    LoggingSettings,
    ModelsSettings,
    ModerationSettings,
    PerspectiveSettings,
    RecommendSettings,
    ReplySettings,
    Section,
    TracingSettings,
    WebSettings,
)
from streams.config_sources import (
    ConfigError,
    Key,
    Value,
    explain,
    find_file,
    flags_layer,
    merge,
    nested,
    read_environment,
    read_file,
)

if TYPE_CHECKING:
    from inference.client import InferenceSettings

DEFAULT_ORIGIN: Final = "default"


class Settings(Section):
    """All settings."""

    kafka: KafkaSettings = KafkaSettings()
    topics: TopicNames = Field(
        default_factory=dict, description="The broker's name of a topic, by our id of it."
    )
    fields: FieldPaths = Field(
        default_factory=dict, description="By source: our field's path in the shop's record."
    )
    masking: MaskedKinds = Field(
        default_factory=dict,
        description="By result topic: kinds of personal data masked in its texts; all, or some of "
        "address, card, email, iban, id, phone.",
    )
    models: ModelsSettings = ModelsSettings()
    inference: InferenceSection = InferenceSection()
    moderation: ModerationSettings = ModerationSettings()
    aspects: AspectsSettings = AspectsSettings()
    reply: ReplySettings = ReplySettings()
    recommend: RecommendSettings = RecommendSettings()
    engine: EngineSettings = EngineSettings()
    web: WebSettings = WebSettings()
    perspective: PerspectiveSettings = PerspectiveSettings()
    tracing: TracingSettings = TracingSettings()
    logging: LoggingSettings = LoggingSettings()

    def named_topics(self) -> Topics:
        """Return all topics that are used, under the broker's names."""
        topics = Topics.named(self.topics)
        return topics if self.moderation.enabled else topics.without(MODERATION)

    def models_in_use(self) -> dict[str, str]:
        """Return which weights are wanted, by slot."""
        models: dict[str, str] = self.models.model_dump()
        if not (self.moderation.enabled or self.perspective.enabled):
            del models["moderation"]
        if not (self.aspects.enabled and models["aspects"]):
            del models["aspects"]
        return models


@dataclass(frozen=True, kw_only=True)
class LoadedSettings:
    """Settings, and where each value came from."""

    settings: Settings
    origins: Mapping[Key, str]  # of values that are not defaults

    def origin(self, key: Key) -> str:
        """Return the file, variable or flag that set `key`, or `default`."""
        return self.origins.get(key, DEFAULT_ORIGIN)


def load_settings(
    *,
    config: Path | None = None,
    environ: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
    directory: Path = Path(),
) -> LoadedSettings:
    """Return the settings in force: defaults, then the file, the environment and the flags.

    `flags` are named `section.name`. Raises `ConfigError` with one sentence for a person.
    """
    file = find_file(config, directory)
    layers = [read_file(file)] if file else []
    layers += [read_environment(environ, _fixed_keys()), flags_layer(flags or {})]
    values = merge(layers)
    for key, given in values.items():
        _check_known(key, given)
    try:
        settings = Settings.model_validate(nested(values))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise ConfigError(explain(problem, values)) from error
    return LoadedSettings(settings=settings, origins={k: v.origin for k, v in values.items()})


def inference_settings(settings: Settings) -> InferenceSettings:
    """Return what the inference client is to be told."""
    # Here, not above: who only prints the configuration needs no inference.
    from inference.client import InferenceSettings

    section = settings.inference
    return InferenceSettings(
        models=settings.models_in_use(),
        device=section.device.value,
        dtype=section.dtype.value,
        threads=section.threads,
        workers=section.workers,
        batch_ms=section.batch_ms,
        batch_tokens=section.batch_tokens,
        queue_items=section.queue_items,
        cache_bytes=section.cache_mb * 1024 * 1024,
        hang_s=section.hang_s,
    )


def setting_values(settings: Settings) -> dict[Key, Any]:
    """Return each setting's value by its place, as JSON knows it."""
    values: dict[Key, Any] = {}
    for section, content in settings.model_dump(mode="json").items():
        for name, value in content.items():
            if isinstance(value, dict):
                values |= {(section, name, field): path for field, path in value.items()}
            else:
                values[section, name] = value
    return values


def _fixed_keys() -> set[Key]:
    return {
        (section, name)
        for section, content in Settings()
        if isinstance(content, BaseModel)
        for name in type(content).model_fields
    }


def _check_known(key: Key, given: Value) -> None:
    sections = list(Settings.model_fields)
    if key[0] not in sections:
        raise ConfigError(
            f"unknown section {key[0]!r} in {given.origin}: {nearest(key[0], sections)}"
        )
    fixed = [name for section, name in _fixed_keys() if section == key[0]]
    if len(key) > 1 and fixed and key[1] not in fixed:
        shown = ".".join(key)
        raise ConfigError(f"unknown key {shown!r} in {given.origin}: {nearest(key[1], fixed)}")
