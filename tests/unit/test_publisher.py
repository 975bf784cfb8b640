"""What the broker says of batches."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata
from faust.types import TP

from streams import policy
from streams.errors import OutcomeTooLarge
from streams.publisher import Sent, confirm


def sent(answer: RecordMetadata | Exception, topic: str = "review-labels") -> Sent:
    metadata: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
    if isinstance(answer, Exception):
        metadata.set_exception(answer)
    else:
        metadata.set_result(answer)
    return Sent(TP(topic, 0), 2, metadata)


def written(offset: int) -> RecordMetadata:
    tp = TP("review-labels", 0)
    return RecordMetadata(tp.topic, tp.partition, tp, offset, 0, 0, 0)


async def test_the_last_offset_of_each_partition_is_known() -> None:
    assert await confirm([sent(written(5)), sent(written(7))]) == {TP("review-labels", 0): 8}


async def test_what_may_pass_is_the_clients_error() -> None:
    with pytest.raises(KafkaTimeoutError):
        await confirm([sent(written(5)), sent(KafkaTimeoutError())])


async def test_what_is_too_large_for_its_topic_is_said_and_not_tried_for_ever() -> None:
    with pytest.raises(OutcomeTooLarge, match=r"replies.*max\.message\.bytes") as refused:
        await confirm([sent(written(5)), sent(MessageSizeTooLargeError(), "replies")])
    assert isinstance(policy.decide(refused.value), policy.Stop)
