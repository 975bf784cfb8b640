"""The agents: one a source, each with a handler that turns its events into outcomes.

A new task is a module here with a handler, and a line in `build_handlers`.
"""

from __future__ import annotations

from dataclasses import replace

from inference.tasks.reading import ReplyPolicy
from streams.agents.orders import OrderHandler, Taste
from streams.agents.queries import QueryHandler
from streams.agents.reviews import ReviewHandler
from streams.config import Settings
from streams.handler import Handler
from streams.state import State

SURE_ENOUGH = 0.7
"""Where the shop names no threshold: the bundled intent model then answers 85% of the messages
written to check it, nine of ten rightly; from 0.5 on it would also guess."""


def build_handlers(settings: Settings, state: State) -> tuple[Handler, ...]:
    """Return the handlers of all tasks."""
    return (
        ReviewHandler(state),
        QueryHandler(state, _reply_policy(settings)),
        OrderHandler(
            state, Taste(count=settings.recommend.count, history=settings.recommend.history)
        ),
    )


def _reply_policy(settings: Settings) -> ReplyPolicy:
    base, reply = ReplyPolicy(), settings.reply
    return replace(
        base,
        threshold=SURE_ENOUGH if reply.threshold is None else reply.threshold,
        margin=base.margin if reply.margin is None else reply.margin,
    )
