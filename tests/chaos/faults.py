"""What goes wrong: each fault by its name, what it does, and how it is undone."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.shop import Shop

STATIC = 0.5
"""Half of the restarts come back as a static member of the group, half as a new one."""
MAX_STALL_S = 8.0
"""Longer than the session time-out of 6 s: the broker gives the partitions away."""
MAX_JUMP_S = 3000.0
"""A broker refuses records from more than an hour ahead."""
TAKEOVER_LIMIT_S = 30.0
AWAY_S = (70.0, 130.0)
"""Longer than the broker keeps a transaction open (60 s), and than any request waits."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    what: str  # for a person
    strike: Callable[[Shop, random.Random], None]  # returns when its cause is gone


def _start_again(shop: Shop, chance: random.Random) -> None:
    time.sleep(chance.uniform(0.0, 0.5))
    shop.main.start(static=chance.random() < STATIC)


def kill_stream(shop: Shop, chance: random.Random) -> None:
    """End the stream process at once."""
    shop.main.kill()
    _start_again(shop, chance)


def kill_inference(shop: Shop, chance: random.Random) -> None:
    """End the process that holds the models; the stream process starts it again."""
    shop.main.kill_inference()


def kill_both(shop: Shop, chance: random.Random) -> None:
    """End both at once."""
    shop.main.kill_inference()
    kill_stream(shop, chance)


def terminate_stream(shop: Shop, chance: random.Random) -> None:
    """Stop the worker as an operator does."""
    shop.stop_worker(shop.main)
    _start_again(shop, chance)


def kill_broker(shop: Shop, chance: random.Random) -> None:
    """End the broker at once and start it on the same data."""
    shop.broker.kill()
    time.sleep(chance.uniform(0.0, 2.0))
    shop.broker.start()


def broker_away(shop: Shop, chance: random.Random) -> None:
    """End the broker at once and start it on the same data minutes later."""
    shop.broker.kill()
    time.sleep(chance.uniform(*AWAY_S))
    shop.broker.start()


def cut_connections(shop: Shop, chance: random.Random) -> None:
    """Cut all connections; half of the times none can be made for a while."""
    refuse = chance.random() < 0.5
    shop.broker.proxy.cut(refuse=refuse)
    if refuse:
        time.sleep(chance.uniform(0.1, 2.0))
    shop.broker.proxy.mend()


def stall_connections(shop: Shop, chance: random.Random) -> None:
    """Let no byte pass for a while, sometimes for longer than the session lives."""
    shop.broker.proxy.stall()
    time.sleep(chance.uniform(0.5, MAX_STALL_S))
    shop.broker.proxy.mend()


def _join(shop: Shop, chance: random.Random) -> None:
    shop.guest.start()
    shop.guest.wait_until_ready()  # one that ended is counted when it is stopped
    shop.settle()
    time.sleep(chance.uniform(0.3, 1.5))


def join_leave(shop: Shop, chance: random.Random) -> None:
    """A second worker comes, and leaves in order."""
    _join(shop, chance)
    shop.stop_worker(shop.guest)


def join_kill(shop: Shop, chance: random.Random) -> None:
    """A second worker comes, and is killed."""
    _join(shop, chance)
    shop.guest.kill()


def zombie(shop: Shop, chance: random.Random) -> None:
    """The worker stands still until another has taken over, and wakes up as if nothing was."""
    _join(shop, chance)
    shop.main.send(signal.SIGSTOP)
    time.sleep(chance.uniform(0.1, 0.5))
    shop.settle(TAKEOVER_LIMIT_S)
    shop.main.send(signal.SIGCONT)
    time.sleep(chance.uniform(0.5, 2.0))
    shop.stop_worker(shop.guest)


def full_disk(shop: Shop, chance: random.Random) -> None:
    """No byte can be written where the state lies, while it runs and at a start."""
    shop.main.disk.fill()
    time.sleep(chance.uniform(0.3, 1.0))
    shop.main.kill()
    shop.main.start()
    shop.main.wait_until_ready()  # one that gives up is started again when there is room
    shop.main.disk.free()


def clock_jump(shop: Shop, chance: random.Random) -> None:
    """The clock jumps by up to 50 minutes, back or ahead, and after a while to the right time."""
    shop.main.clock.write_text(str(chance.choice([-1, 1]) * chance.uniform(5.0, MAX_JUMP_S)))
    time.sleep(chance.uniform(0.5, 2.0))
    shop.main.clock.write_text("0")


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(name="kill_stream", what="SIGKILL of the stream process", strike=kill_stream),
        Fault(
            name="kill_inference", what="SIGKILL of the inference process", strike=kill_inference
        ),
        Fault(name="kill_both", what="SIGKILL of both", strike=kill_both),
        Fault(name="terminate_stream", what="SIGTERM, then a start", strike=terminate_stream),
        Fault(name="kill_broker", what="SIGKILL of the broker, then a start", strike=kill_broker),
        Fault(name="broker_away", what="no broker for one to two minutes", strike=broker_away),
        Fault(name="cut_connections", what="all connections cut", strike=cut_connections),
        Fault(
            name="stall_connections",
            what="all connections stalled for 0.5 to 8 s",
            strike=stall_connections,
        ),
        Fault(name="join_leave", what="a worker joins and gets SIGTERM", strike=join_leave),
        Fault(name="join_kill", what="a worker joins and gets SIGKILL", strike=join_kill),
        Fault(
            name="zombie",
            what="SIGSTOP until another worker has taken over, then SIGCONT",
            strike=zombie,
        ),
        Fault(name="full_disk", what="no room in the state folder", strike=full_disk),
        Fault(name="clock_jump", what="the clock jumps by up to 50 minutes", strike=clock_jump),
    )
}

USUAL = tuple(name for name in FAULTS if name != "broker_away")
"""What a run plays where nothing else is asked for: the others take minutes each."""
