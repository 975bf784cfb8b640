"""What each system is told on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

AT_LEAST_ONCE = "at_least_once"
EXACTLY_ONCE = "exactly_once"
TABLE = "counts"


@dataclass(frozen=True, kw_only=True)
class Options:
    """One system's part in one run."""

    bootstrap: str
    source: str  # the topic with events
    target: str  # the topic for results
    group: str
    guarantee: str = AT_LEAST_ONCE
    partitions: int = 4  # of the source
    table: bool = False  # whether each event adds one to its author's counter
    prompt: bool = False  # set up for a low latency instead of a high rate
    rate: float = 0.0  # events a second that the model answers; 0 is no limit
    port: int = 0  # of the page with the metrics; 0 is none
    collector: str = ""  # where spans go; empty is nowhere
    model: str = ""  # a classifier's folder, where one is asked
    device: str = "cpu"
    dtype: str = ""  # of its weights; none: everything is as it is shipped, nothing tuned
    batch: int = 1  # texts, of a tuned pipeline
    threads: int = 0  # of a tuned pipeline

    @property
    def tuned(self) -> bool:
        """Whether the settings are those that were fastest here, and not the libraries' own."""
        return bool(self.dtype)

    @property
    def exactly_once(self) -> bool:
        """Whether results and offsets are to be committed together."""
        return self.guarantee == EXACTLY_ONCE

    def arguments(self) -> list[str]:
        """Return the command line that `parse` reads."""
        return [f"--{name}={value}" for name, value in vars(self).items()]


def parse() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "source", "target", "group", "guarantee"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("model", "device", "dtype"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("partitions", "batch", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--collector", required=True)
    for name in ("table", "prompt"):
        parser.add_argument(f"--{name}", type="True".__eq__, required=True)
    return Options(**vars(parser.parse_args()))
