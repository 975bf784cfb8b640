"""Which producer writes encoded results fastest: aiokafka's batches or librdkafka's queue.

The same encoded results lie in memory for all; each system writes them in chunks and waits for
the broker's confirmation of each chunk (or commits a transaction around it). In turn, several
rounds; the time is that of the loop alone, and processor seconds are those of this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from streams.publisher import Publication, Publisher, confirm
from tests.benchmarks import report, work
from tests.benchmarks.records import Reviews
from tests.kafka.helpers import create_topics, unique
from tests.kafka.server import KafkaServer

Pair = tuple[bytes, bytes]
PARTITIONS = 4
BATCH_BYTES = 512 * 1024
REQUEST_BYTES = 4 * 1024 * 1024
WARM_UP_CHUNKS = 3
LIMIT_S = 60.0


class Batches:
    """aiokafka: the product's publisher, which fills a batch a partition."""

    def __init__(self, bootstrap: str, topic: str, transactional: bool) -> None:
        self._bootstrap, self._topic, self._transactional = bootstrap, topic, transactional

    def run(self, chunks: Sequence[Sequence[Pair]]) -> tuple[float, float]:
        """Return the seconds and processor seconds that all chunks took."""
        return asyncio.run(self._run(chunks))

    async def _run(self, chunks: Sequence[Sequence[Pair]]) -> tuple[float, float]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            transactional_id=unique("batches") if self._transactional else None,
        )
        publisher = Publisher(producer)
        await publisher.start()
        try:
            for chunk in chunks[:WARM_UP_CHUNKS]:
                await self._publish(producer, publisher, chunk)
            began, used = time.perf_counter(), time.process_time()
            for chunk in chunks:
                await self._publish(producer, publisher, chunk)
            return time.perf_counter() - began, time.process_time() - used
        finally:
            await publisher.stop()

    async def _publish(
        self, producer: AIOKafkaProducer, publisher: Publisher, chunk: Sequence[Pair]
    ) -> None:
        publications = [Publication(topic=self._topic, key=k, value=v) for k, v in chunk]
        if self._transactional:
            async with producer.transaction():
                await confirm(await publisher.send(publications))
        else:
            await publisher.publish(publications)


class Queue:
    """librdkafka: `produce` or `produce_batch`, then `flush`."""

    def __init__(self, bootstrap: str, topic: str, transactional: bool, at_once: bool) -> None:
        self._bootstrap, self._topic, self._transactional = bootstrap, topic, transactional
        self._hand_over = self._all_at_once if at_once else self._one_by_one

    def run(self, chunks: Sequence[Sequence[Pair]]) -> tuple[float, float]:
        """Return the seconds and processor seconds that all chunks took."""
        options: dict[str, Any] = {
            "bootstrap.servers": self._bootstrap,
            "enable.idempotence": True,
            "linger.ms": 5,
            "batch.size": BATCH_BYTES,
            "partitioner": "murmur2_random",
        }
        if self._transactional:
            options["transactional.id"] = unique("queue")
        producer = Producer(options)
        if self._transactional:
            producer.init_transactions(LIMIT_S)
        for chunk in chunks[:WARM_UP_CHUNKS]:
            self._publish(producer, chunk)
        began, used = time.perf_counter(), time.process_time()
        for chunk in chunks:
            self._publish(producer, chunk)
        return time.perf_counter() - began, time.process_time() - used

    def _publish(self, producer: Producer, chunk: Sequence[Pair]) -> None:
        if self._transactional:
            producer.begin_transaction()
        self._hand_over(producer, chunk)
        if self._transactional:
            producer.commit_transaction(LIMIT_S)  # which flushes
        elif producer.flush(LIMIT_S):
            raise TimeoutError("not confirmed")

    def _one_by_one(self, producer: Producer, chunk: Sequence[Pair]) -> None:
        for key, value in chunk:
            producer.produce(self._topic, value, key)

    def _all_at_once(self, producer: Producer, chunk: Sequence[Pair]) -> None:
        messages = [{"key": key, "value": value} for key, value in chunk]
        if producer.produce_batch(self._topic, messages) != len(messages):
            raise BufferError("the queue is full")


def systems(bootstrap: str, topic: str) -> dict[str, Callable[[Any], tuple[float, float]]]:
    """Return how each system is run."""
    found: dict[str, Callable[[Any], tuple[float, float]]] = {}
    for kind, transactional in (("plain", False), ("transactional", True)):
        found[f"aiokafka_batches_{kind}"] = Batches(bootstrap, topic, transactional).run
        found[f"librdkafka_produce_{kind}"] = Queue(bootstrap, topic, transactional, False).run
        if hasattr(Producer, "produce_batch"):
            name = f"librdkafka_produce_batch_{kind}"
            found[name] = Queue(bootstrap, topic, transactional, True).run
    return found


def encoded(reviews: Reviews, count: int) -> list[Pair]:
    """Return that many results as they leave."""
    return [
        work.handle(value, "reviews", number % PARTITIONS, number, 1_700_000_000_000)
        for number, (_, value) in enumerate(reviews.events(count))
    ]


def measure(results: Sequence[Pair], sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Return for each size of a chunk each system's rate."""
    server = KafkaServer()
    try:
        server.start()
        topic = unique("results")
        create_topics(server.bootstrap_servers, [topic], PARTITIONS)
        found: dict[str, Any] = {}
        for size in sizes:
            chunks = [results[at : at + size] for at in range(0, len(results), size)]
            rates: dict[str, list[float]] = {}
            used: dict[str, list[float]] = {}
            for _ in range(rounds):
                for name, run in systems(server.bootstrap_servers, topic).items():
                    seconds, cpu = run(chunks)
                    rates.setdefault(name, []).append(len(results) / seconds)
                    used.setdefault(name, []).append(cpu / len(results) * 1e6)
            found[f"chunks of {size}"] = {
                name: {
                    **report.summary(each),
                    "cpu_us_a_record": report.summary(used[name], 2)["median"],
                }
                for name, each in rates.items()
            }
        return found
    finally:
        server.remove()


def main() -> None:
    """Compare producers for encoded results."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--chunks", type=int, nargs="+", default=[64, 500, 2_000, 8_000])
    options = parser.parse_args()
    reviews = Reviews.read(options.data)
    results = encoded(reviews, options.events)
    head = report.machine("publishing", rounds=options.rounds, events=options.events)
    systems_found = measure(results, options.chunks, options.rounds)
    report.write(options.json, {**head, "records": reviews.name, "systems": systems_found})


if __name__ == "__main__":
    main()
