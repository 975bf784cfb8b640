"""The parts of a worker that let its models be changed, put together."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack

from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition

from inference.client import Inference
from inference.shadow import Agreement, Shadow
from schemas.codec import Decoder
from schemas.models import ModelCommand
from streams.admin import require_topics
from streams.clients import Clients
from streams.config import Settings
from streams.errors import StartupError
from streams.models.control import Changed, ModelControl
from streams.models.in_force import COMMANDS, wanted
from streams.models.outbox import Outbox
from streams.models.slots import Changeable, Slots
from streams.models.windows import Windows
from streams.publisher import Publisher
from streams.reference import Apply, ReferenceReader

WINDOW_S = 10.0
"""Of traffic that one report of agreement tells of."""
NAME_BYTES = 3


class ModelService:
    """Knows the last commands from the start on, and does them once the models are there."""

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        worker = settings.kafka.instance_id or own_name()
        self._settings = settings
        self._outbox = Outbox(publisher, settings.named_topics())
        self._windows = Windows(worker)
        self._control = ModelControl(settings.models_in_use(), worker, self._outbox.put)
        self.apply: Apply = self._control.apply

    def wanted(self) -> Settings:
        """Return the settings with the models that are to be loaded at the start."""
        chosen = self._control.chosen()
        return wanted(self._settings, {slot: one.source for slot, one in chosen.items()})

    def adopt(self, client: Changeable) -> AdoptedModels:
        """Take the loaded models into care; raises `StartupError` if they are others."""

        def report(agreement: Agreement) -> None:
            self._windows.add(agreement, slots.shares()[agreement.slot])

        shadow = Shadow(client, report)
        configured = self._settings.models_in_use()
        slots = Slots(client, shadow, configured, self._control.chosen())
        return AdoptedModels(self._control, slots, shadow, self._windows, self._outbox)


class AdoptedModels:
    """Models that can be changed; `inference` is what everybody is to ask them by."""

    def __init__(
        self,
        control: ModelControl,
        slots: Slots,
        shadow: Shadow,
        windows: Windows,
        outbox: Outbox,
    ) -> None:
        self.inference: Inference = shadow
        self.stop = shadow.stop
        self._control = control
        self._slots = slots
        self._windows = windows
        self._outbox = outbox

    def work(self, changed: Changed) -> Iterator[tuple[str, Awaitable[None]]]:
        """Yield what is to run beside the application, with its name."""
        yield "changing models", self._control.run(self._slots, changed, self._close)
        yield "comparing models", self._close_in_time()
        yield "telling of models", self._outbox.run()

    async def _close_in_time(self) -> None:
        while True:
            await asyncio.sleep(WINDOW_S)
            self._close()

    def _close(self) -> None:
        for message in self._windows.close():
            self._outbox.put(message)


async def start_models(
    settings: Settings, clients: Clients, stack: AsyncExitStack
) -> tuple[ModelService, ReferenceReader]:
    """Return the service once all commands are read, and the reader that goes on reading them.

    Raises `StartupError` and `AdminError`.
    """
    publisher = Publisher(clients.producer())
    try:
        await publisher.start()
    except KafkaConnectionError as error:
        await publisher.stop()
        raise StartupError(f"no broker at {settings.kafka.bootstrap_servers}") from error
    stack.push_async_callback(publisher.stop)
    service = ModelService(settings, publisher)
    name = settings.named_topics()[COMMANDS].name
    counts = await asyncio.to_thread(require_topics, settings, [name])
    tps = [TopicPartition(name, number) for number in range(counts[name])]
    consumer = clients.reader(COMMANDS)
    reader = ReferenceReader(consumer, tps, Decoder(ModelCommand), service.apply)
    stack.push_async_callback(reader.stop)
    await reader.start()
    return service, reader


def own_name() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()}-{secrets.token_hex(NAME_BYTES)}"
