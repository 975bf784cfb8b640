"""A few rounds of the chaos run: what it takes hours to prove is looked at on every change."""

from __future__ import annotations

import pytest

from tests.chaos.run import run
from tests.chaos.shop import Options
from tests.kafka.jars import tools_are_there

STORES = {"exactly_once": "rocksdb", "at_least_once": "memory"}
FAULTS = {
    "exactly_once": ("kill_stream", "kill_broker", "join_leave", "cut_connections"),
    "at_least_once": ("kill_both", "terminate_stream", "kill_inference", "clock_jump"),
}
RATE = 200.0

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not tools_are_there(), reason="needs a broker of its own to kill"),
]


@pytest.mark.parametrize("delivery", sorted(FAULTS))
def test_the_guarantee_holds_through_four_faults(delivery: str) -> None:
    faults = FAULTS[delivery]
    options = Options(delivery=delivery, seed=1, store=STORES[delivery], rate=RATE)
    found, held = run(options, len(faults), faults)
    assert (found["missing"], found["reordered"], found["stuck"]) == (0, 0, 0)
    if delivery == "exactly_once":
        assert (found["duplicates"], found["wrong_table_keys"]) == (0, 0)
    assert found["events"] > 0
    assert held
