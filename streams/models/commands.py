"""What an operator's wish makes of a slot's last command: the next one. Pure functions.

A swap takes two: `brought`, so that the model stands ready everywhere, then `used`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime

from inference.registry.named import Named
from schemas.models import CONFIGURED, ModelAction, ModelChoice, ModelCommand
from streams.models.errors import NothingThere


def new_id() -> str:
    """Return an id that no other command has."""
    return secrets.token_hex(8)


def first(slot: str) -> ModelCommand:
    """Return what is in force where nothing was commanded."""
    return ModelCommand(
        command_id=new_id(), slot=slot, action=ModelAction.DROP, issued_at=datetime.now(UTC)
    )


def brought(last: ModelCommand, action: ModelAction, source: str) -> ModelCommand:
    """Return the command that loads a model beside the one in use."""
    command = _next(last, action)
    candidate = ModelChoice(source=source, brought_by=command.command_id)
    return command.model_copy(update={"candidate": candidate, "share": 0.0})


def shadowed(last: ModelCommand, share: float) -> ModelCommand:
    """Return the command that asks the candidate a share of the traffic."""
    if last.candidate is None and share:
        raise NothingThere(f"no candidate stands beside the model of {last.slot}: name one")
    return _next(last, ModelAction.SHADOW).model_copy(update={"share": share})


def used(last: ModelCommand, action: ModelAction, found: Collection[str]) -> ModelCommand:
    """Return the command that uses the candidate, whose content hash the workers found."""
    if last.candidate is None:
        raise NothingThere(f"no candidate stands beside the model of {last.slot}: name one")
    return _next(last, action).model_copy(
        update={
            "in_use": _pinned(last.candidate, found),
            "before": last.in_use,
            "candidate": None,
            "share": 0.0,
        }
    )


def dropped(last: ModelCommand) -> ModelCommand:
    """Return the command that frees the candidate."""
    return _next(last, ModelAction.DROP).model_copy(update={"candidate": None, "share": 0.0})


def restored(last: ModelCommand) -> ModelCommand:
    """Return the command that makes everything as it was: of an attempt that failed somewhere."""
    return _next(last, last.action)


def before(last: ModelCommand) -> str:
    """Return the source of the model before; raises `NothingThere`."""
    if last.before is None:
        raise NothingThere(f"no other model was in use for {last.slot}: there is no way back")
    return last.before.source


def report(slot: str) -> ModelCommand:
    """Return the command that asks every worker how it stands."""
    return first(slot).model_copy(update={"action": ModelAction.REPORT})


def _pinned(choice: ModelChoice, found: Collection[str]) -> ModelChoice:
    # What each worker is configured with is its own affair.
    if choice.source == CONFIGURED or len(found) != 1:
        return choice
    (digest,) = found
    return choice.model_copy(update={"hash": digest, "source": _lasting(choice.source, digest)})


def _lasting(source: str, digest: str) -> str:
    # A registry's alias moves: a worker that starts later, or a roll-back, would find other
    # weights by it than the group uses. Its versions are called by their content hashes.
    named = Named.of(source)
    return source if named is None else str(named.at(digest))


def _next(last: ModelCommand, action: ModelAction) -> ModelCommand:
    return last.model_copy(
        update={"command_id": new_id(), "action": action, "issued_at": datetime.now(UTC)}
    )
