"""The shop's moderation policy, as the settings name it."""

from __future__ import annotations

from pathlib import Path

from inference.tasks.moderation import Policy
from inference.tasks.moderation_policy import BUNDLED, PolicyError, read_policy
from streams.config import Settings
from streams.config_sections import ModerationSettings
from streams.config_sources import ConfigError
from streams.errors import StartupError


def require_moderation(settings: Settings) -> None:
    """Raise `ConfigError` where reviews are not moderated: there are no topics to read."""
    if not settings.moderation.enabled:
        raise ConfigError("reviews are not moderated here: set moderation.enabled = true")


def policy_file(settings: ModerationSettings) -> Path:
    """Return where the policy stands."""
    return settings.policy or BUNDLED


def require_policy(settings: ModerationSettings) -> Policy:
    """Return the policy; raises `StartupError` with file and place where it cannot be used."""
    try:
        return read_policy(policy_file(settings))
    except PolicyError as error:
        raise StartupError(f"moderation.policy: {error}") from error
