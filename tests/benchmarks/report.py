"""What is told of a run: where and when it ran, medians, spreads, rows of a table.

`python -m tests.benchmarks.report FILE...` adds the runs in JSON files to the table of results
that is theirs: `results/inference.md`, `results/end_to_end.md`,
`results/overhead.md`, `results/quality.md`, all others `results/engine.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = "folder with online_shopping_10_cats.csv"
RESULTS = Path(__file__).parent / "results"
ENGINE = "engine"
TITLES = {
    ENGINE: "the engine",
    "inference": "the inference worker",
    "end_to_end": "the product from Kafka to Kafka",
    "overhead": "the signals",
    "quality": "the models",
}
HEADER = """# Figures of {title}

Written by `python -m tests.benchmarks.report`; spread is least to most over the rounds.

| date | commit | processor (cores) | benchmark | what | figure | spread |
| --- | --- | --- | --- | --- | --- | --- |
"""

QUALITY = "quality"
QUALITY_HEADER = """# Figures of the models

Written by `python -m tests.benchmarks.report` from `python -m tests.benchmarks.quality`. Floors are
of the same run; in brackets the 95% interval by bootstrap (of the speed, least to most).

| date | commit | set | figure | n | model | floor | must | aim | reaches | note |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

Figure = tuple[str, str, str]
"""What was measured, its figure with a unit, its spread."""


def machine(benchmark: str, **options: Any) -> dict[str, Any]:
    """Return the head of every report."""
    return {
        "benchmark": benchmark,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        **options,
    }


def summary(values: Sequence[float], digits: int = 0) -> dict[str, Any]:
    """Return the median of the rounds and their least and most."""
    places = digits or None  # whole numbers without a ".0"
    return {
        "median": round(statistics.median(values), places),
        "spread": [round(min(values), places), round(max(values), places)],
    }


def ratio(over: Sequence[float], under: Sequence[float]) -> dict[str, Any]:
    """Return the summary of the ratio taken in each round; 0 stands for "brought nothing"."""
    each = [a / b for a, b in zip(over, under, strict=True) if a and b]
    return summary(each, 3) if each else {"median": None, "spread": None}


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that a `share` of them does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def write(path: Path | None, report: Mapping[str, Any]) -> None:
    """Write the report as JSON, to the file or for people to see."""
    text = json.dumps(report, indent=2, ensure_ascii=False)
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")


def arguments(description: str, data: str = DATA) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="file for the report; without, it is printed")
    parser.add_argument("--data", type=Path, help=data)
    return parser


def figures(report: Mapping[str, Any]) -> list[Figure]:
    """Return the lines of one report's table: every summary in it, by its path."""
    found = dict(_summaries(report, ""))
    return [
        (path, f"{one['median']:,}", f"{one['spread'][0]:,}-{one['spread'][1]:,}")
        for path, one in found.items()
        if one["median"] is not None
    ]


def rows(report: Mapping[str, Any]) -> list[str]:
    """Return the report as rows of the table."""
    start = (
        f"| {report['date'][:10]} | {report['commit']} | {report['processor']} ({report['cores']}) "
        f"| {report['benchmark']} |"
    )
    return [f"{start} {what} | {figure} | {spread} |" for what, figure, spread in figures(report)]


def quality_rows(report: Mapping[str, Any]) -> list[str]:
    """Return the rows of a report of the models' quality."""
    start = f"| {report['date'][:10]} | {report['commit']} |"
    return [
        f"{start} {row['set']} | {row['metric']} | {row['n']:,} | {_interval(row['model'])} "
        f"| {_interval(row['floor'])} | {row['must']} | {row['aim']} | {row['standing']} "
        f"| {row['note']} |"
        for row in report["rows"]
    ]


def _interval(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']} ({figure['low']}-{figure['high']})"


def add(report: Mapping[str, Any]) -> None:
    """Add a run's rows to the table that is its own."""
    name = report["benchmark"] if report["benchmark"] in TITLES else ENGINE
    path = RESULTS / f"{name}.md"
    header = QUALITY_HEADER if name == QUALITY else HEADER.format(title=TITLES[name])
    lines = quality_rows(report) if name == QUALITY else rows(report)
    text = path.read_text(encoding="utf-8") if path.is_file() else header
    text += "".join(f"{line}\n" for line in lines if line not in text)
    RESULTS.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _summaries(node: Any, path: str) -> Iterable[tuple[str, dict[str, Any]]]:
    if not isinstance(node, dict):
        return
    if "median" in node and "spread" in node:
        yield path, node
        return
    for name, value in node.items():
        yield from _summaries(value, f"{path} {name}".strip())


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=9"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Add runs to the table of results."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("reports", type=Path, nargs="+")
    options = parser.parse_args()
    for path in options.reports:
        add(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
