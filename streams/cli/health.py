"""health: is the worker that runs here ready?"""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import typer

from streams.cli.failures import EXIT_FAILED, say
from streams.cli.options import ConfigOption, settings_of

if TYPE_CHECKING:
    from streams.config_sections import WebSettings

_PATIENCE_S: Final = 5.0


def health(config: ConfigOption = None) -> None:
    """Ask the page of the worker on this machine whether it is ready, and say what keeps it.

    Where no page is served nobody can be asked: that it runs is all that is known of a worker then.

    Example: shopstreams health || echo "not yet"
    """
    web = settings_of(config, None).web
    problems = _problems(web) if web.enabled else []
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(EXIT_FAILED)


def _problems(web: WebSettings) -> list[str]:
    # No proxy is asked, whatever the environment says: the worker is here.
    connection = HTTPConnection(_name_of(web.host), web.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, HTTPException) as error:
        return [f"no worker answers at {web.host}:{web.port}: {error}"]
    finally:
        connection.close()
    if answer.status == HTTPStatus.OK:
        return []
    with suppress(ValueError, KeyError, TypeError):
        return [str(one) for one in json.loads(content)["problems"]]
    return [f"what answers at {web.host}:{web.port} is no worker: {answer.status}"]


def _name_of(host: str) -> str:
    """Return by what a server on this machine is reached that listens on `host`."""
    with suppress(ValueError):  # a name
        if ip_address(host).is_unspecified:
            return "localhost"
    return host
