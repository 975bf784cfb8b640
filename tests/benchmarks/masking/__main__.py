"""Measures the masking and writes the figures.

python -m tests.benchmarks.masking --reviews zh.csv:review en.txt --report FILE

A file of reviews is a CSV with the column that holds them, or has one a line.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from schemas.masking import Kind
from tests.benchmarks.masking.measure import Alarms, Quality, alarms, quality
from tests.benchmarks.masking.sentences import sentences

EACH = 2_000
SEED = 20_261_128
MEGA = 1_000_000


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(prog="masking")
    parser.add_argument("--reviews", nargs="*", default=[], metavar="CSV:COLUMN")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--show", type=int, default=0, help="So many misses and alarms.")
    options = parser.parse_args()
    found = quality(sentences(EACH, SEED))
    looked = {}
    for given in options.reviews:
        path, _, column = given.partition(":")
        file = Path(path)
        looked[f"{file.parent.name}/{file.stem}"] = alarms(list(_texts(file, column)))
    report = "\n".join(_lines(found, looked)) + "\n"
    print(report)
    for line in [*found.missed[: options.show], *_shown(looked, options.show)]:
        print(line)
    if options.report:
        options.report.write_text(report, encoding="utf-8")


def _texts(path: Path, column: str) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        if column:
            yield from (row[column] or "" for row in csv.DictReader(file))
        else:
            yield from file


def _lines(found: Quality, looked: dict[str, Alarms]) -> Iterator[str]:
    yield "# Personal data found and masked\n"
    yield f"{EACH:,} written sentences of each form and as many without personal data, seed {SEED}:"
    yield "order numbers, dates, prices, sizes, tracking numbers and models stand beside it."
    yield "A find is right if it covers what was written and at most six characters more."
    yield "Who wrote the sentences wrote the patterns: this shows what a change loses; the real"
    yield "texts below show what customers meet.\n"
    yield "| kind | precision | recall | finds |\n| --- | --- | --- | --- |"
    for kind, tally in found.kinds.items():
        yield f"| {kind} | {tally.precision:.4f} | {tally.recall:.4f} | {tally.made:,} |"
    yield "\n| form | recall |\n| --- | --- |"
    for form, tally in found.forms.items():
        yield f"| {form} | {tally.recall:.4f} |"
    if looked:
        yield from _about_reviews(looked)


def _about_reviews(looked: dict[str, Alarms]) -> Iterator[str]:
    yield "\nFinds in real, public texts with next to nothing personal in them; some are right.\n"
    heads = [*(str(kind) for kind in Kind), "in 10,000 reviews", "MB/s"]
    yield f"| reviews | number | {' | '.join(heads)} |"
    yield "| --- " * (len(heads) + 2) + "|"
    for name, one in looked.items():
        rate = 10_000 * one.finds.total() / one.texts
        counts = " | ".join(str(one.finds[kind]) for kind in Kind)
        speed = one.characters / MEGA / one.seconds
        yield f"| {name} | {one.texts:,} | {counts} | {rate:.2f} | {speed:.1f} |"
    yield "\nMB/s: millions of characters a second of one core's time."


def _shown(looked: dict[str, Alarms], count: int) -> Iterator[str]:
    for name, one in looked.items():
        yield from (f"{name} {line}" for line in one.found[:count])


if __name__ == "__main__":
    main()
