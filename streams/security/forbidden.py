"""Rules of the broker that show only when something is done."""

from __future__ import annotations

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from streams.security.errors import AccessRefused

_WHAT: dict[type[BaseException], str] = {
    ClusterAuthorizationFailedError: "the cluster",
    GroupAuthorizationFailedError: "the group",
    TopicAuthorizationFailedError: "the topic",
    TransactionalIdAuthorizationFailed: "the transactional id",
}


def forbidden(error: BaseException, name: str = "") -> AccessRefused | None:
    """Return the sentence for a client's error about rights, None for any other.

    `name` is of what was used; without it, what the client says of it.
    """
    what = _WHAT.get(type(error))
    if what is None:
        return None
    return AccessRefused(
        f"the broker does not allow us to use {what} {name or _named(error)}: "
        "`shopstreams topics acls` shows what a worker needs"
    )


def _named(error: BaseException) -> str:
    named = error.args[0] if error.args else "(unnamed)"
    if isinstance(named, set | frozenset | list | tuple):
        return ", ".join(sorted(str(one) for one in named))
    return str(named)
