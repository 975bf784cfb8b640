"""What a worker needs of its own machine: asked before the broker is waited for, or models load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inference.models.names import check_name
from streams.aspects import require_words, words_file
from streams.config import Settings
from streams.moderation import policy_file, require_policy
from streams.state_dir import require_state_dir
from streams.telemetry.build import require_tracing
from streams.web.access import read_token
from streams.web.start import require_page, require_port


@dataclass(frozen=True, kw_only=True)
class Need:
    """What the settings want of this machine."""

    met: str  # what is so where it is met
    look: Callable[[], object]  # raises `StartupError` where it is not


def needs(settings: Settings) -> Iterator[Need]:
    """Yield what has to be there and of use, as `doctor` says it and a worker asks for it."""
    web = settings.web
    if settings.perspective.enabled:
        yield Need(met="Perspective's API has a page to be on", look=lambda: require_page(web))
    if settings.tracing.endpoint is not None:
        yield Need(met="OpenTelemetry is installed", look=require_tracing)
    if web.enabled and (token_file := web.token_file) is not None:
        yield Need(met=f"the page's token is in {token_file}", look=lambda: read_token(token_file))
    if settings.moderation.enabled:
        yield Need(
            met=f"the moderation policy can be used: {policy_file(settings.moderation)}",
            look=lambda: require_policy(settings.moderation),
        )
    if settings.aspects.enabled:
        yield Need(
            met=f"the words of aspects can be used: {words_file(settings.aspects)}",
            look=lambda: require_words(settings.aspects),
        )


def require_local(settings: Settings) -> None:
    """Raise `StartupError` or `ModelError` for what no broker can mend.

    A model's folder is not looked for: another model may be in force, and only the broker knows.
    """
    require_state_dir(settings.engine.state_dir)
    for need in needs(settings):
        need.look()
    for slot, name in settings.models_in_use().items():
        check_name(slot, name)
    if settings.web.enabled:
        require_port(settings.web)
