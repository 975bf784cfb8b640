"""What the topic of commands holds, for whoever is no worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from schemas.models import CONFIGURED, ModelCommand
from streams.config import Settings
from streams.config_sections import ModelsSettings
from streams.history import places_of, read_history
from streams.models.commands import first

COMMANDS: Final = "model-commands"


def in_force(settings: Settings) -> dict[str, ModelCommand]:
    """Return each slot's last command, one that says nothing where there is none.

    Raises `AdminError` where broker or topic are not there.
    """
    found = {slot: first(slot) for slot in settings.models_in_use()}
    for slot, command in _read(settings):
        if slot in found:
            found[slot] = first(slot) if command is None else command
    return found


def wanted(settings: Settings, chosen: dict[str, str]) -> Settings:
    """Return the settings with the sources that were chosen, by slot, instead of its own."""
    own = settings.models.model_dump()
    sources = {slot: own[slot] if one == CONFIGURED else one for slot, one in chosen.items()}
    models = ModelsSettings(**(own | sources))
    return settings.model_copy(update={"models": models})


def _read(settings: Settings) -> Iterator[tuple[str, ModelCommand | None]]:
    topic = settings.named_topics()[COMMANDS].name
    for message in read_history(settings.kafka, places_of(settings, topic)):
        key, value = (message.key() or b"").decode("utf-8", "replace"), message.value()
        try:
            yield key, None if value is None else ModelCommand.model_validate_json(value)
        except ValidationError:
            continue  # of another release; workers leave it out, too
