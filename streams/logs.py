"""Logs: structlog and the standard library in one form, on stderr."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

import structlog

from schemas.masking import mask
from streams.config_sections import LogFormat, LoggingSettings

_CHATTY = (
    "aiohttp.access",
    "aiokafka",
    "faust",
    "mode",
    "streams.faust_app",
    "streams.restore",
    "streams.tables",
    "streams.transport",
    "streams.web.server",
)
"""Libraries, and our subclasses of theirs, whose INFO tells of their inner life."""
_LIBRARIES = frozenset({"aiokafka", "asyncio", "faust", "mode", "opentelemetry", "urllib3"})


_OURS = frozenset({"action", "level", "logger", "timestamp"})
"""Of a line, what nobody but we writes."""

REPEAT_S = 10.0
"""A library's message is shown once in this time: a client without its broker tries, and says so,
some hundred times a second."""
MOST_KNOWN = 1000
"""Messages that are remembered for that; then they are forgotten and may be shown once more."""


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
        if len(self._shown) >= MOST_KNOWN:
            self._shown.clear()
        self._shown[message] = now
        return True


def log_context(**ids: object) -> Context:
    """Return a context for tasks in which every log line, whoever's, tells these ids."""
    context = copy_context()
    context.run(structlog.contextvars.bind_contextvars, **ids)
    return context


def configure_logging(settings: LoggingSettings) -> None:
    """Send everything that is logged to stderr, as text or as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
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
                structlog.processors.format_exc_info,
                mask_personal_data,
                _renderer(settings.format),
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


def mask_personal_data(
    _logger: Any, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Mask what may be personal in a line: an exception's text may repeat what a customer wrote."""
    return {key: value if key in _OURS else _masked(value) for key, value in line.items()}


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _masked(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(one) for one in value]
        case None | bool() | int() | float():
            return value
    return mask(repr(value))


def _renderer(log_format: LogFormat) -> Any:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
