"""What a run found, as JSON."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.verify import Verdict

FOUND = ("missing", "duplicates", "reordered", "wrong_table_keys")
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Round:
    """What a round was and how it went."""

    number: int
    fault: str
    recovery_s: float  # from the end of the fault until all sent before had their outcome
    silence_s: float  # the longest time without an outcome
    is_stuck: bool  # not all had their outcome within the limit
    exits: int  # workers that ended by themselves or not as they should


def report(
    delivery: str, verdict: Verdict, rounds: Sequence[Round], injected: dict[str, int]
) -> dict[str, Any]:
    """Return the whole report but its seconds."""
    return {
        "delivery": delivery,
        "rounds": len(rounds),
        "events": verdict.events,
        **{name: len(getattr(verdict, name)) for name in FOUND},
        "buried": verdict.buried,
        "stuck": sum(one.is_stuck for one in rounds),
        "exits": sum(one.exits for one in rounds),
        "injected": injected,
        "by_fault": {
            fault: _of_fault([one for one in rounds if one.fault == fault], verdict)
            for fault in sorted({one.fault for one in rounds})
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "processor": processor(),
    }


def _of_fault(rounds: Sequence[Round], verdict: Verdict) -> dict[str, Any]:
    numbers = {one.number for one in rounds}
    return {
        "rounds": len(rounds),
        **{name: sum(found.round in numbers for found in getattr(verdict, name)) for name in FOUND},
        "stuck": sum(one.is_stuck for one in rounds),
        "exits": sum(one.exits for one in rounds),
        "recovery_s": round(median(one.recovery_s for one in rounds), 2),
        "recovery_s_max": round(max(one.recovery_s for one in rounds), 2),
        "silence_s": round(median(one.silence_s for one in rounds), 2),
    }


def commit() -> str:
    """Return the commit that is checked out, marked if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} threads" if names else platform.processor()
