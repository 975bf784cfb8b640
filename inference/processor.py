"""What the processor can do, and how much of it this process may use; Linux, no torch."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

_INFO = Path("/proc/cpuinfo")
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")
"""Names of instructions that multiply bfloat16; the last one is ARM's. Best first."""


@dataclass(frozen=True, kw_only=True)
class Processor:
    """What matters of it to a network."""

    name: str  # as the vendor calls it
    bfloat16: str | None  # name of the instructions for it; without them torch imitates them
    cores: int  # that this process may use, at least one


def read_processor() -> Processor:
    """Return the processor that this process runs on."""
    info = _read(_INFO)
    flags = flags_of(info)
    return Processor(
        name=_field(info, "model name") or "this processor",
        bfloat16=next((name for name in _BFLOAT16 if name in flags), None),
        cores=usable_cores(),
    )


def usable_cores() -> int:
    """Return the cores that this process may use: by its affinity and by its container's quota.

    Two threads of one core are counted once: they share what multiplies.
    """
    allowed = os.sched_getaffinity(0)
    siblings = {_read(Path(_TOPOLOGY.format(number))) or str(number) for number in allowed}
    return max(1, min(len(siblings), quota_of(_read(_QUOTA))))


def quota_of(text: str) -> int:
    """Return how many cores cgroup's `cpu.max`, "QUOTA PERIOD" in microseconds, comes to."""
    match text.split():
        case [quota, period] if quota.isdigit() and period.isdigit() and int(period):
            return max(1, math.floor(int(quota) / int(period)))
        case _:  # "max", or no such file
            return 2**31


def flags_of(info: str) -> frozenset[str]:
    """Return the instruction sets that `/proc/cpuinfo` names."""
    return frozenset((_field(info, "flags") or _field(info, "Features")).split())


def _field(info: str, name: str) -> str:
    for line in info.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == name:
            return value.strip()
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:  # another kernel, or a container that hides it
        return ""
