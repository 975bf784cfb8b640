"""Commands for models: what each asks for, what a worker makes of it, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

import pytest

from inference.messages import Lane
from inference.shadow import Shadow, agreement
from inference.testing import FakeInference
from schemas.models import (
    ALL_SLOTS,
    CONFIGURED,
    LoadedModel,
    ModelAction,
    ModelAgreement,
    ModelChoice,
    ModelCommand,
    ModelEvent,
    ModelStep,
)
from schemas.topics import Topics
from streams.errors import StartupError
from streams.models import commands
from streams.models.answers import Answers
from streams.models.control import ModelControl
from streams.models.errors import NothingThere
from streams.models.outbox import Outbox
from streams.models.slots import Slots
from streams.models.windows import Windows
from streams.testing import MemoryPublisher
from tests.waiting import until

SLOT = "sentiment"
CONFIG = {SLOT: "own"}
LABELS = {SLOT: ("negative", "positive")}


class Worker:
    """Control, slots and a double of the models; what it says is kept."""

    def __init__(self, *before: ModelCommand) -> None:
        self.said: list[ModelEvent] = []
        self.changed: list[str] = []
        self.client = FakeInference(LABELS)
        self.compared: list[ModelAgreement] = []
        self.control = ModelControl(CONFIG, "w1", self.said.append)
        self._before = before
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.control.apply([(one.slot, one) for one in self._before])
        windows = Windows("w1")
        self.shadow = Shadow(self.client, lambda found: windows.add(found, 1.0))
        self.slots = Slots(self.client, self.shadow, CONFIG, self.control.chosen())

        async def changed(slot: str) -> None:
            self.changed.append(slot)

        running = self.control.run(
            self.slots, changed, lambda: self.compared.extend(windows.close())
        )
        self._task = asyncio.create_task(running)

    async def stop(self) -> None:
        await self.shadow.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def told(self, command: ModelCommand) -> ModelEvent:
        """Return the last thing that the worker says of a command."""
        await self.control.apply([(command.slot, command)])
        taken = (ModelStep.TAKEN,)
        await until(lambda: self.steps(command) and self.steps(command)[-1] not in taken)
        return self.said[-1]

    def steps(self, command: ModelCommand) -> list[ModelStep]:
        return [one.step for one in self.said if one.command_id == command.command_id]

    @property
    def in_use(self) -> str:
        return self.client.models[SLOT].name


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    monkeypatch.setattr("streams.models.control.LOOK_S", 0.01)
    one = Worker()
    await one.start()
    yield one
    await one.stop()


def swapped(last: ModelCommand, source: str) -> list[ModelCommand]:
    """Return the two commands of a swap."""
    brought = commands.brought(last, ModelAction.SWAP, source)
    return [brought, commands.used(brought, ModelAction.SWAP, ())]


# -- a worker


async def test_a_model_stands_ready_before_it_takes_over(worker: Worker) -> None:
    brought, used = swapped(commands.first(SLOT), "next")
    said = await worker.told(brought)
    assert worker.steps(brought) == [ModelStep.TAKEN, ModelStep.WARM]
    assert said.candidate is not None
    assert (said.candidate.name, worker.in_use) == ("next", "fake")
    said = await worker.told(used)
    assert worker.steps(used) == [ModelStep.TAKEN, ModelStep.TOOK_OVER]
    assert (said.in_use.name, said.candidate, worker.in_use) == ("next", None, "next")
    assert worker.changed == [SLOT]


async def test_a_model_that_does_not_load_changes_nothing(worker: Worker) -> None:
    said = await worker.told(commands.brought(commands.first(SLOT), ModelAction.LOAD, "bad"))
    assert said.step is ModelStep.FAILED
    assert said.reason == "there is no model folder 'bad'"
    assert (said.in_use.name, said.candidate, worker.in_use) == ("fake", None, "fake")
    assert not worker.changed


async def test_a_bad_model_leaves_the_candidate_that_stands_there(worker: Worker) -> None:
    good = commands.brought(commands.first(SLOT), ModelAction.LOAD, "next")
    await worker.told(good)
    await worker.told(commands.brought(good, ModelAction.LOAD, "bad"))
    said = await worker.told(commands.restored(good))
    assert said.step is ModelStep.DONE
    assert said.candidate is not None
    assert said.candidate.name == "next"


async def test_a_worker_that_missed_the_first_step_does_both(worker: Worker) -> None:
    _, used = swapped(commands.first(SLOT), "next")
    assert (await worker.told(used)).step is ModelStep.TOOK_OVER
    assert worker.in_use == "next"


async def test_weights_other_than_the_groups_are_refused(worker: Worker) -> None:
    brought, _ = swapped(commands.first(SLOT), "next")
    await worker.told(brought)
    said = await worker.told(commands.used(brought, ModelAction.SWAP, {"f" * 16}))
    assert said.step is ModelStep.FAILED
    assert "other weights here" in str(said.reason)
    assert worker.in_use == "fake"
    assert not worker.client.loaded


async def test_the_same_source_is_loaded_anew(worker: Worker) -> None:
    first = commands.brought(commands.first(SLOT), ModelAction.LOAD, "next")
    again = commands.brought(first, ModelAction.LOAD, "next")
    assert (await worker.told(first)).step is ModelStep.WARM
    assert (await worker.told(again)).step is ModelStep.WARM


async def test_of_two_commands_the_later_is_done(worker: Worker) -> None:
    early, late = (
        commands.brought(commands.first(SLOT), ModelAction.LOAD, name) for name in ("a", "b")
    )
    await worker.control.apply([(SLOT, early), (SLOT, late)])
    await until(lambda: ModelStep.WARM in worker.steps(late))
    assert worker.steps(early) == [ModelStep.TAKEN, ModelStep.SUPERSEDED]
    assert worker.client.loaded[SLOT].name == "b"


async def test_a_candidate_is_freed(worker: Worker) -> None:
    brought = commands.brought(commands.first(SLOT), ModelAction.LOAD, "next")
    await worker.told(brought)
    said = await worker.told(commands.dropped(brought))
    assert (said.step, said.candidate) == (ModelStep.DONE, None)
    assert not worker.client.loaded


async def test_a_candidate_that_died_is_told_once(worker: Worker) -> None:
    brought = commands.brought(commands.first(SLOT), ModelAction.SHADOW, "next")
    await worker.told(brought)
    await worker.told(commands.shadowed(brought, 1.0))
    worker.client.loaded.clear()  # as after the end of the process that held it
    await until(lambda: worker.said[-1].step is ModelStep.LOST)
    assert (worker.said[-1].candidate, worker.said[-1].share) == (None, 0.0)
    assert not list(worker.slots.lost())


async def test_a_report_tells_how_things_stand(worker: Worker) -> None:
    await worker.told(commands.brought(commands.first(SLOT), ModelAction.LOAD, "next"))
    report = commands.report(ALL_SLOTS)
    await worker.control.apply([(ALL_SLOTS, report)])
    said = worker.said[-1]
    assert (said.command_id, said.slot, said.worker) == (report.command_id, SLOT, "w1")
    assert said.candidate is not None


async def test_an_unknown_slot_is_left_alone(worker: Worker) -> None:
    await worker.control.apply([("nonsense", commands.first("nonsense")), (SLOT, None)])
    assert not worker.said


# -- a worker that starts later


async def test_it_comes_up_with_what_is_in_force() -> None:
    _, used = swapped(commands.first(SLOT), "next")
    worker = Worker(commands.report(ALL_SLOTS), used)
    await worker.start()
    assert worker.control.chosen() == {SLOT: used.in_use}
    await until(lambda: worker.said)
    assert worker.steps(used) == [ModelStep.DONE]  # `wanted` had it loaded as the one in use
    await worker.stop()


async def test_it_loads_the_candidate_and_goes_on_comparing() -> None:
    brought = commands.brought(commands.first(SLOT), ModelAction.SHADOW, "next")
    worker = Worker(commands.shadowed(brought, 1.0))
    await worker.start()
    await until(lambda: SLOT in worker.client.loaded)
    await until(lambda: worker.said and worker.said[-1].share == 1.0)
    await worker.stop()


async def test_it_does_not_start_with_other_weights() -> None:
    brought, _ = swapped(commands.first(SLOT), "next")
    worker = Worker(commands.used(brought, ModelAction.SWAP, {"f" * 16}))
    with pytest.raises(StartupError, match="bring the same folder to every worker"):
        await worker.start()


async def test_a_command_taken_out_of_the_topic_is_forgotten() -> None:
    worker = Worker(swapped(commands.first(SLOT), "next")[1])
    await worker.control.apply([(SLOT, None)])
    assert worker.control.chosen() == {}


# -- shadows


async def test_a_candidate_that_died_when_its_command_was_taken_out_ends_nothing(
    worker: Worker,
) -> None:
    await worker.told(commands.brought(commands.first(SLOT), ModelAction.LOAD, "next"))
    await worker.control.apply([(SLOT, None)])
    worker.client.loaded.clear()
    await until(lambda: worker.slots.view(SLOT).candidate is None)
    await worker.told(commands.brought(commands.first(SLOT), ModelAction.LOAD, "next"))
    assert worker.said[-1].step is ModelStep.WARM


async def test_what_is_compared_is_told_by_window(worker: Worker) -> None:
    brought = commands.brought(commands.first(SLOT), ModelAction.SHADOW, "next")
    await worker.told(brought)
    await worker.told(commands.shadowed(brought, 1.0))
    texts = [f"text {number}" for number in range(20)]
    answer = await worker.shadow.ask(SLOT, texts, lane=Lane.REVIEWS)
    await until(lambda: not worker.shadow._tasks)
    await worker.told(commands.shadowed(brought, 0.0))
    (found,) = worker.compared
    assert (found.in_use.hash, found.compared) == (answer.model.hash, 20)
    assert sum(pair.count for pair in found.pairs) == 20
    same = sum(pair.count for pair in found.pairs if pair.in_use == pair.candidate)
    assert found.agreeing == same
    assert 0 <= found.mean_distance <= found.max_distance <= 1
    assert found.window_start <= found.window_end


async def test_windows_of_other_models_do_not_mix() -> None:
    fake, windows = FakeInference({SLOT: ("a", "b"), "recommend": ()}), Windows("w1")
    for slot in (SLOT, "recommend", SLOT):
        mine = await fake.ask(slot, ["one", "two"], lane=Lane.CHAT)
        windows.add(agreement(mine, [0, 1], mine), 0.5)
    labels, vectors = windows.close()
    assert (labels.compared, labels.agreeing, labels.share) == (4, 4, 0.5)
    assert (vectors.compared, vectors.agreeing, vectors.pairs) == (2, None, ())
    assert windows.close() == []


async def test_what_is_said_reaches_its_topic_though_the_broker_was_away() -> None:
    publisher = MemoryPublisher()
    publisher.failures_to_come = 1
    outbox = Outbox(publisher, Topics())
    running = asyncio.create_task(outbox.run())
    outbox.put(event("w1", ModelStep.WARM))
    await until(lambda: publisher.published)
    (record,) = publisher.published
    assert (record.topic, record.key) == ("model-events", SLOT.encode())
    assert ModelEvent.model_validate_json(record.value or b"").step is ModelStep.WARM
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# -- what an operator's wish makes of the last command


def test_a_swap_and_back() -> None:
    brought, used = swapped(commands.first(SLOT), "next")
    assert brought.in_use.source == CONFIGURED
    assert (used.in_use.source, used.candidate) == ("next", None)
    assert commands.before(used) == CONFIGURED
    with pytest.raises(NothingThere, match="no way back"):
        commands.before(brought)


def test_weights_are_pinned_where_all_found_the_same() -> None:
    brought = commands.brought(commands.first(SLOT), ModelAction.SWAP, "next")
    assert commands.used(brought, ModelAction.SWAP, {"a" * 16}).in_use.hash == "a" * 16
    assert commands.used(brought, ModelAction.SWAP, ()).in_use.hash is None
    own = commands.brought(commands.first(SLOT), ModelAction.SWAP, CONFIGURED)
    assert commands.used(own, ModelAction.SWAP, {"a" * 16}).in_use.hash is None


def test_a_registry_s_alias_is_pinned_to_the_version_that_was_found() -> None:
    first, second = "a" * 16, "b" * 16
    last = commands.first(SLOT)
    for digest in (first, second):
        brought = commands.brought(last, ModelAction.SWAP, "registry:/models/shop@live")
        last = commands.used(brought, ModelAction.SWAP, {digest})
        # What a worker that starts later loads, whatever `live` is by then.
        assert last.in_use.source == f"registry:/models/shop@{digest}"
        assert last.in_use.hash == digest
    assert commands.before(last) == f"registry:/models/shop@{first}"


def test_what_needs_a_candidate_says_so() -> None:
    last = commands.first(SLOT)
    with pytest.raises(NothingThere, match="name one"):
        commands.used(last, ModelAction.SWAP, ())
    with pytest.raises(NothingThere, match="name one"):
        commands.shadowed(last, 0.1)
    assert commands.shadowed(last, 0.0).share == 0.0


# -- who has answered


def event(worker: str, step: ModelStep, slot: str = SLOT, command_id: str = "c") -> ModelEvent:
    model = LoadedModel(
        source="own", name="fake", hash="0" * 16, labels=(), device="cpu", dtype="float32"
    )
    return ModelEvent(
        command_id=command_id,
        slot=slot,
        worker=worker,
        step=step,
        in_use=model,
        produced_at=datetime.now(UTC),
    )


def heard(workers: int | None, said: Iterable[ModelEvent], *slots: str) -> Answers:
    answers = Answers(command_id="c", slots=slots or (SLOT,), workers=workers)
    for one in said:
        answers.add(one)
    return answers


def test_all_workers_are_waited_for() -> None:
    begun = event("w1", ModelStep.TAKEN)
    assert not heard(2, [begun]).is_complete
    one = [begun, event("w1", ModelStep.WARM)]
    assert not heard(2, one).is_complete
    assert heard(2, one).silent == 1
    both = heard(2, [*one, event("w2", ModelStep.FAILED)])
    assert both.is_complete
    assert [failed.worker for failed in both.failed] == ["w2"]
    assert both.silent == 0


def test_who_began_is_waited_for_where_nobody_knows_the_number() -> None:
    assert not heard(None, [event("w1", ModelStep.TAKEN)]).is_complete
    assert heard(None, [event("w1", ModelStep.SUPERSEDED)]).is_complete
    assert not heard(None, [event("w1", ModelStep.DONE)], SLOT, "intent").is_complete
    told = [event("w1", ModelStep.DONE), event("w1", ModelStep.DONE, "intent")]
    assert heard(None, told, SLOT, "intent").is_complete


def test_other_commands_answers_are_no_news() -> None:
    answers = heard(1, [event("w1", ModelStep.WARM)])
    assert not answers.add(event("w1", ModelStep.FAILED))  # it has come to its end
    assert not answers.add(event("w2", ModelStep.WARM, command_id="other"))
    assert not answers.add(event("w1", ModelStep.LOST))
    assert answers.heard == 1


def test_a_candidate_that_is_no_other_model_is_noticed() -> None:
    same, other = event("w1", ModelStep.WARM), event("w2", ModelStep.WARM)
    same = same.model_copy(update={"candidate": same.in_use})
    other = other.model_copy(
        update={"candidate": other.in_use.model_copy(update={"hash": "1" * 16})}
    )
    assert heard(1, [same]).changes_nothing
    assert not heard(2, [same, other]).changes_nothing
    assert not heard(1, [event("w1", ModelStep.DONE)]).changes_nothing


def test_a_pinned_choice_is_the_weights_wherever_they_came_from() -> None:
    fake = FakeInference(LABELS)
    pinned = ModelChoice(source="elsewhere", hash=fake.models[SLOT].hash, brought_by="x")
    Slots(fake, Shadow(fake, lambda _: None), CONFIG, {SLOT: pinned})
