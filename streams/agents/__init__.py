"""The agents: one a source, each with a handler that turns its events into outcomes.

A new task is a module here with a handler, and a line in `create_tasks`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from inference.client import Inference
from inference.tasks.moderation_policy import unknown_attributes
from inference.tasks.reading import ReplyPolicy
from inference.tasks.registry import MODERATION
from streams.agents.aspects import NO_ASPECTS, AspectReader, of_models
from streams.agents.decisions import DecisionHandler
from streams.agents.moderated_reviews import ModeratedReviewHandler
from streams.agents.orders import OrderHandler, Taste
from streams.agents.queries import QueryHandler
from streams.agents.reviews import ReviewHandler
from streams.aspects import require_words
from streams.config import Settings
from streams.faust_app import ShopApp
from streams.handler import Handler
from streams.held import create_held_reviews
from streams.moderation import require_policy
from streams.reference import Apply
from streams.state import State, create_state

log = structlog.get_logger(__name__)

SURE_ENOUGH = 0.7
"""Where the shop names no threshold: the bundled intent model then answers 85% of the messages
written to check it, nine of ten rightly; from 0.5 on it would also guess."""


@dataclass(frozen=True, kw_only=True)
class ShopTasks:
    """Everything that a worker does with a shop's events."""

    handlers: tuple[Handler, ...]
    references: Mapping[str, Apply]  # by topic id
    restored: Callable[[], Awaitable[None]]
    model_changed: Callable[[str], Awaitable[None]]


def create_tasks(
    settings: Settings, app: ShopApp, inference: Inference, partitions: int
) -> ShopTasks:
    """Return all tasks, their tables added to the application."""
    state = create_state(app, inference, partitions)
    taste = Taste(count=settings.recommend.count, history=settings.recommend.history)
    return ShopTasks(
        handlers=(
            *_of_reviews(settings, app, state, inference, partitions),
            QueryHandler(state, _reply_policy(settings), settings.reply.deadline_s),
            OrderHandler(state, taste),
        ),
        references={"catalogue": state.apply_catalogue, "knowledge": state.apply_knowledge},
        restored=state.restored,
        model_changed=state.model_changed,
    )


def _of_reviews(
    settings: Settings, app: ShopApp, state: State, inference: Inference, partitions: int
) -> tuple[Handler, ...]:
    aspects = _aspects(settings, inference)
    if not settings.moderation.enabled:
        return (ReviewHandler(state, aspects),)
    policy = require_policy(settings.moderation)
    # No reason to end: the model in force is the operator's choice and changes while workers run,
    # and after one with other labels no restart may take the shop down. `policy check` and doctor
    # find what is misspelt.
    for unknown in unknown_attributes(policy, inference.models[MODERATION].labels):
        log.warning(f"nothing is held for it: {unknown}", action="policy_attribute_unknown")
    held = create_held_reviews(app, partitions)
    return ModeratedReviewHandler(state, held, policy, aspects), DecisionHandler(held)


def _aspects(settings: Settings, inference: Inference) -> AspectReader:
    if not settings.aspects.enabled:
        return NO_ASPECTS
    return of_models(require_words(settings.aspects), list(inference.models))


def _reply_policy(settings: Settings) -> ReplyPolicy:
    base, reply = ReplyPolicy(), settings.reply
    return replace(
        base,
        threshold=SURE_ENOUGH if reply.threshold is None else reply.threshold,
        margin=base.margin if reply.margin is None else reply.margin,
    )
