"""Room for what is outstanding: it goes to the first who waits."""

from __future__ import annotations

import asyncio

from inference.room import Room

LIMIT_S = 20


async def test_room_goes_to_the_first() -> None:
    room = Room(2)
    await room.take(2)
    got: list[str] = []

    async def take(name: str, items: int) -> None:
        await room.take(items)
        got.append(name)

    waiting = [asyncio.create_task(take("big", 2)), asyncio.create_task(take("small", 1))]
    await asyncio.sleep(0)
    room.give(1)
    await asyncio.sleep(0)
    assert not got
    room.give(1)
    await waiting[0]
    assert got == ["big"]
    room.give(1)
    await waiting[1]


async def test_who_waits_no_more_takes_no_room() -> None:
    room = Room(1)
    await room.take(1)
    gone = asyncio.create_task(room.take(1))
    next_one = asyncio.create_task(room.take(1))
    await asyncio.sleep(0)
    room.give(1)  # to `gone`, which is cancelled before it can take it
    gone.cancel()
    async with asyncio.timeout(LIMIT_S):
        await next_one
    assert gone.cancelled()
