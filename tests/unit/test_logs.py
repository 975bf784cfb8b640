"""A client without its broker does not drown what matters."""

from __future__ import annotations

import ast
import json
import logging
import re
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from streams.config_sections import LogFormat, LoggingSettings
from streams.logs import MOST_KNOWN, REPEAT_S, SeldomRepeated, configure_logging, log_context

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, None)


def test_a_librarys_message_is_shown_once_in_a_while() -> None:
    now = 0.0
    seldom = SeldomRepeated(lambda: now)
    again = [seldom.filter(record("aiokafka.client", "no node %s", n)) for n in range(3)]
    assert again == [True, False, False]
    assert seldom.filter(record("aiokafka.client", "another message"))
    assert seldom.filter(record("aiokafka.conn", "no node %s", 1))
    now = REPEAT_S
    assert seldom.filter(record("aiokafka.client", "no node %s", 4))


class Message(str):
    """A text of which one can know whether somebody keeps it."""

    __slots__ = ("__weakref__",)


def test_messages_that_differ_each_time_do_not_fill_the_memory() -> None:
    now = 0.0
    seldom, kept = SeldomRepeated(lambda: now), weakref.WeakSet[Message]()
    for number in range(10 * MOST_KNOWN):
        message = Message(f"exception in task {number}")
        kept.add(message)
        assert seldom.filter(record("asyncio", message))
    assert len(kept) <= MOST_KNOWN + 1


def test_our_own_messages_are_all_shown() -> None:
    seldom = SeldomRepeated()
    assert all(seldom.filter(record("streams.engine", "fenced")) for _ in range(3))


@pytest.mark.parametrize("form", LogFormat)
def test_nothing_personal_is_logged(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers
    configure_logging(LoggingSettings(format=form))
    try:
        log = structlog.get_logger("streams.test")
        log.warning("call 13812345678", action="told", who=["a@b.de"], offset=4111111111111111)
        try:
            raise ValueError("4111 1111 1111 1111")
        except ValueError:
            log.exception("it broke", action="broke")
            logging.getLogger("other").error("card %s", "4111 1111 1111 1111", exc_info=True)
    finally:
        root.handlers = before
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "call [phone]" in said
    assert said.count("ValueError: [card]") == 2
    assert "card [card]" in said
    assert not [one for one in ("13812345678", "a@b.de", "1111 1111") if one in said]
    assert "4111111111111111" in said  # a number of ours
    if form is LogFormat.JSON:
        assert [json.loads(line)["level"] for line in said.splitlines()]


def test_lines_from_a_partitions_tasks_tell_which(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LoggingSettings(format=LogFormat.JSON))
    log = structlog.get_logger("streams.test")
    log_context(task="reply", partition=3).run(log.warning, "held", action="held", result_id="q-1")
    log.warning("elsewhere", action="other")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["action"], first["task"], first["partition"]) == ("held", "reply", 3)
    assert (first["result_id"], first["event"], first["level"]) == ("q-1", "held", "warning")
    assert "task" not in second


def test_every_line_of_ours_has_an_action() -> None:
    without = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("streams", "inference")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and re.fullmatch(r"log\.(debug|info|warning|error|exception)", ast.unparse(node.func))
        and "action" not in {one.arg for one in node.keywords}
    ]
    assert not without
