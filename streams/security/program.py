"""Who needs rights at the broker."""

from __future__ import annotations

from enum import StrEnum


class Program(StrEnum):
    """A kind of program, by what it does with topics."""

    WORKER = "worker"  # `shopstreams run`
    OPERATOR = "operator"  # everything else on the command line
    SENDER = "sender"  # a shop's own programs that send events and reference data
    READER = "reader"  # a shop's own programs that read outcomes
