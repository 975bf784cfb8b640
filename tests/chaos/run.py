"""The chaos run: `python -m tests.chaos.run --rounds N --delivery exactly_once --json FILE`.

Events flow all the time through a real broker and real worker processes. Each round does one
thing to them and waits until everything sent so far has its outcome. In the end every input is
compared with its outcome and every table with the truth. Exits with 1 if the guarantee is
broken: nothing may ever be missing or leave out of order, and exactly once means that nothing
is repeated and every table is right.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.faults import FAULTS, USUAL, Fault
from tests.chaos.report import FOUND, Round, report
from tests.chaos.shop import Options, Shop, open_shop
from tests.chaos.verify import Verdict

ALLOWED: Mapping[str, Collection[str]] = {
    "exactly_once": (),
    "at_least_once": ("duplicates", "wrong_table_keys"),
}
"""What a guarantee does not rule out."""
SHOWN_FINDINGS = 10
TERMINATED = 128 + signal.SIGTERM


def run(
    options: Options, rounds: int, faults: Sequence[str] = USUAL
) -> tuple[dict[str, Any], bool]:
    """Play the rounds; return the report and whether the guarantee held."""
    began = time.monotonic()
    chance = random.Random(options.seed)
    played: list[Round] = []
    with open_shop(options) as shop:
        for number, name in zip(range(rounds), _shuffled(faults, chance), strict=False):
            played.append(_play(shop, FAULTS[name], number, chance))
            _say(f"{number + 1}/{rounds} {_line(played[-1])}")
        verdict = shop.finish()
        found = report(options.delivery, verdict, played, shop.injected())
        found["store"] = options.store
        found["standbys"] = options.standbys
        found["exits"] = shop.exits  # that of the last stop too
        broken = [name for name in FOUND if found[name] and name not in ALLOWED[options.delivery]]
        held = not broken and not found["stuck"]
        shop.keep_logs = options.keep_logs or not held
        _say_findings(verdict, ALLOWED[options.delivery])
    return {**found, "seconds": round(time.monotonic() - began, 1)}, held


def _shuffled(faults: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Yield all faults in one order after the other, so that each comes as often."""
    while True:
        yield from chance.sample(faults, len(faults))


def _play(shop: Shop, fault: Fault, number: int, chance: random.Random) -> Round:
    exits = shop.exits
    shop.reader.begin_round(number)
    time.sleep(chance.uniform(0.2, 0.8))
    fault.strike(shop, chance)
    undone = time.monotonic()
    is_stuck = not shop.settle()
    if is_stuck:
        _say(f"stuck in {fault.name}: the worker is killed and started again")
        shop.main.kill()
        shop.main.start()
        shop.settle()
    return Round(
        number=number,
        fault=fault.name,
        recovery_s=time.monotonic() - undone,
        silence_s=shop.reader.silence_s,
        is_stuck=is_stuck,
        exits=shop.exits - exits,
    )


def _line(one: Round) -> str:
    line = f"{one.fault}: recovered in {one.recovery_s:.1f} s, silent for {one.silence_s:.1f} s"
    return line + (f", {one.exits} exits" if one.exits else "") + (" STUCK" * one.is_stuck)


def _say_findings(verdict: Verdict, allowed: Collection[str]) -> None:
    for name in FOUND:
        if name in allowed:
            continue
        found = getattr(verdict, name)
        for one in found[:SHOWN_FINDINGS]:
            _say(f"{name}, round {one.round + 1}: {one.what}")
        if len(found) > SHOWN_FINDINGS:
            _say(f"{name}: {len(found)} in all")


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Break things and count what it costs.")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--delivery", choices=ALLOWED, default="exactly_once")
    parser.add_argument("--json", type=Path, help="file for the report; else it is printed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=Options.rate, help="events a second")
    parser.add_argument(
        "--fault", action="append", choices=sorted(FAULTS), help="only these; may be repeated"
    )
    parser.add_argument("--store", choices=["memory", "rocksdb"], default=Options.store)
    parser.add_argument("--standbys", type=int, default=Options.standbys, help="of each table")
    parser.add_argument("--keep-logs", action="store_true", help="also where the guarantee held")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # with everything removed
    options = Options(
        delivery=given.delivery,
        seed=given.seed,
        store=given.store,
        standbys=given.standbys,
        rate=given.rate,
        keep_logs=given.keep_logs,
    )
    found, held = run(options, given.rounds, given.fault or USUAL)
    text = json.dumps(found, indent=2)
    if given.json:
        given.json.write_text(text + "\n")
    else:
        print(text)
    _say("the guarantee held" if held else "THE GUARANTEE IS BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
