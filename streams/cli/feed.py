"""feed: the demo's events for a broker of one's own."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from streams.cli.options import ConfigOption, ServersOption, settings_of


def feed(
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Events a second.")] = 6.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send the demo's catalogue, knowledge base and events, round after round, until stopped.

    Waits for broker and topics, kafka.start_timeout_s long, as a worker does.

    Example: shopstreams feed --rate 20 --bootstrap-servers localhost:9092
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.admin import BrokerUnreachable, TopicsMissing, require_topics
    from streams.cli.waiting import wait_for
    from streams.demo.feed import Feed, uncounted
    from streams.demo.samples import REFERENCES, SOURCES
    from streams.logs import configure_logging

    configure_logging(settings.logging)
    topics = settings.named_topics()
    names = [topics[one].name for one in (*REFERENCES, *SOURCES)]
    wait_for(
        lambda: require_topics(settings, names),
        (BrokerUnreachable, TopicsMissing),
        settings.kafka.start_timeout_s,
    )
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())
    sample_shop = Feed(settings.kafka, topics, uncounted, rate=rate)
    sample_shop.send_references()
    sample_shop.run(stopped)
