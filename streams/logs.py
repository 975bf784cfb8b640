"""Logs: structlog and the standard library in one form, on stderr."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

from streams.config import LogFormat, LoggingSettings

_CHATTY = (
    "aiohttp.access",
    "aiokafka",
    "faust",
    "mode",
    "streams.faust_app",
    "streams.restore",
    "streams.tables",
    "streams.transport",
)
"""Libraries, and our subclasses of theirs, whose INFO tells of their inner life."""
_LIBRARIES = frozenset({"aiokafka", "asyncio", "faust", "mode"})


REPEAT_S = 10.0
"""A library's message is shown once in this time: a client without its broker tries, and says so,
some hundred times a second."""


class SeldomRepeated(logging.Filter):
    """Lets a library's message pass once in a while, whatever its arguments; ours always."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._shown: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown."""
        if record.name.partition(".")[0] not in _LIBRARIES or not isinstance(record.msg, str):
            return True
        message, now = (record.name, record.msg), self._clock()
        if now - self._shown.get(message, -REPEAT_S) < REPEAT_S:
            return False
        self._shown[message] = now
        return True


def configure_logging(settings: LoggingSettings) -> None:
    """Send everything that is logged to stderr, as text or as JSON lines."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(settings.format),
            ],
        )
    )
    handler.addFilter(SeldomRepeated())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    if settings.level != "debug":
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)


def _renderers(log_format: LogFormat) -> list[Any]:
    if log_format is LogFormat.JSON:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Plain: the richer ones print local variables, and those hold what customers wrote.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
