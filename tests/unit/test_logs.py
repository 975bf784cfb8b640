"""A client without its broker does not drown what matters."""

from __future__ import annotations

import logging

from streams.logs import REPEAT_S, SeldomRepeated


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


def test_our_own_messages_are_all_shown() -> None:
    seldom = SeldomRepeated()
    assert all(seldom.filter(record("streams.engine", "fenced")) for _ in range(3))
