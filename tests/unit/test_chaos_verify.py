"""The verifier of chaos runs finds what it is there to find."""

from __future__ import annotations

from dataclasses import replace

import orjson

from tests.chaos import records
from tests.chaos.records import TABLES, Outcome, Sent, Write
from tests.chaos.verify import Held, Verdict, verify

USERS = ("ann", "bob")
EVENTS = 6


class Run:
    """A run without a fault: each user in a partition, six events, a malformed record between."""

    def __init__(self) -> None:
        self.inputs: list[Sent] = []
        self.outcomes: list[Outcome] = []
        self.writes: list[Write] = []
        self.held: Held | None = {
            table: {user: {"count": EVENTS, "last": EVENTS - 1} for user in USERS}
            for table in TABLES
        }
        for partition, user in enumerate(USERS):
            for number in range(EVENTS):
                self._add(partition, user, number, number + (number > 2))
            self._add(partition, user, None, 3)

    def _add(self, partition: int, user: str, number: int | None, offset: int) -> None:
        place = (partition, offset)
        review = None if number is None else f"{user}-{number}"
        digest = f"digest-{partition}-{offset}"
        self.inputs.append(
            Sent(place=place, user=user, number=number, review_id=review, digest=digest, round=1)
        )
        self.outcomes.append(
            Outcome(
                place=place,
                result_id=f"reviews-{partition}-{offset}-sentiment",
                is_letter=number is None,
                mark=review or digest,
                count=None if number is None else number + 1,
                target=partition,
                round=2,
            )
        )
        if number is not None:
            self.writes += [
                Write(table=table, user=user, count=number + 1, last=number, round=2)
                for table in TABLES
            ]

    def verdict(self) -> Verdict:
        return verify(self.inputs, self.outcomes, self.writes, self.held)


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    return (
        len(verdict.missing),
        len(verdict.duplicates),
        len(verdict.reordered),
        len(verdict.wrong_table_keys),
    )


def test_a_right_run_has_no_findings() -> None:
    verdict = Run().verdict()
    assert counts(verdict) == (0, 0, 0, 0)
    assert (verdict.events, verdict.buried) == (14, 0)


def test_what_is_missing_is_found_in_the_round_in_which_it_was_sent() -> None:
    run = Run()
    del run.outcomes[4]
    assert counts(run.verdict()) == (1, 0, 0, 0)
    assert run.verdict().missing[0].round == 1


def test_a_malformed_record_must_have_its_letter() -> None:
    run = Run()
    run.outcomes = [one for one in run.outcomes if not one.is_letter]
    assert counts(run.verdict()) == (2, 0, 0, 0)


def test_an_outcome_of_another_content_is_none() -> None:
    run = Run()
    run.outcomes[3] = replace(run.outcomes[3], mark="ann-9")
    assert counts(run.verdict())[0] == 2  # one that fits nothing, and one input without


def test_an_outcome_of_no_input_is_found() -> None:
    run = Run()
    run.outcomes.append(replace(run.outcomes[0], place=(3, 77), result_id="other"))
    assert counts(run.verdict()) == (1, 0, 0, 0)


def test_a_repeat_is_found_in_the_round_in_which_it_came() -> None:
    run = Run()
    run.outcomes.append(replace(run.outcomes[0], round=7))
    assert counts(run.verdict()) == (0, 1, 0, 0)
    assert run.verdict().duplicates[0].round == 7


def test_a_second_outcome_under_another_id_is_a_repeat() -> None:
    run = Run()
    run.outcomes.append(replace(run.outcomes[0], result_id="another"))
    assert counts(run.verdict()) == (0, 1, 0, 0)


def test_a_repeated_stretch_is_no_other_order() -> None:
    run = Run()
    run.outcomes[4:4] = run.outcomes[1:4]
    assert counts(run.verdict()) == (0, 3, 0, 0)


def test_another_order_within_a_user_is_found() -> None:
    run = Run()
    run.outcomes[1], run.outcomes[2] = run.outcomes[2], run.outcomes[1]
    assert counts(run.verdict()) == (0, 0, 1, 0)


def test_another_order_between_users_is_none() -> None:
    run = Run()
    run.outcomes.reverse()
    run.outcomes.sort(key=lambda one: one.place[1])
    assert counts(run.verdict()) == (0, 0, 0, 0)


def test_a_user_in_two_partitions_has_no_order() -> None:
    run = Run()
    run.outcomes[5] = replace(run.outcomes[5], target=3)
    assert counts(run.verdict()) == (0, 0, 1, 0)


def test_a_changelog_that_ends_wrong_is_found() -> None:
    run = Run()
    run.writes[-1] = replace(run.writes[-1], count=EVENTS + 1)
    assert counts(run.verdict()) == (0, 0, 0, 1)


def test_a_changelog_without_its_end_is_found() -> None:
    run = Run()
    run.writes.pop()
    assert counts(run.verdict()) == (0, 0, 0, 1)


def test_a_changelog_that_was_wrong_on_the_way_is_found_in_its_round() -> None:
    run = Run()
    run.writes[2] = replace(run.writes[2], count=9, round=5)
    assert [one.round for one in run.verdict().wrong_table_keys] == [5]


def test_a_result_that_saw_a_wrong_table_is_found() -> None:
    run = Run()
    run.outcomes[2] = replace(run.outcomes[2], count=1)
    assert counts(run.verdict()) == (0, 0, 0, 1)


def test_a_worker_that_holds_something_else_is_found() -> None:
    run = Run()
    assert run.held is not None
    right = {"count": EVENTS, "last": EVENTS - 1}
    run.held = {**run.held, "seen": {"ann": right, "bob": {**right, "count": 0}, "eve": right}}
    assert counts(run.verdict()) == (0, 0, 0, 2)


def test_a_worker_that_wrote_nothing_down_has_all_keys_wrong() -> None:
    run = Run()
    run.held = None
    assert counts(run.verdict()) == (0, 0, 0, len(USERS) * len(TABLES))


def test_an_event_with_a_letter_is_counted_as_seen_only() -> None:
    run = Run()
    last = run.outcomes[5]
    digest = run.inputs[5].digest
    run.outcomes[5] = replace(last, is_letter=True, mark=digest, count=None)
    run.writes = [w for w in run.writes if (w.table, w.user, w.last) != ("labelled", "ann", 5)]
    assert run.held is not None
    ends = {"ann": {"count": 5, "last": 4}, "bob": {"count": 6, "last": 5}}
    run.held = {**run.held, "labelled": ends}
    assert counts(run.verdict()) == (0, 0, 0, 0)
    assert run.verdict().buried == 1


def test_records_are_read_as_they_lie_on_the_broker() -> None:
    event = orjson.dumps({"review_id": "r", "text": "7 good"})
    assert records.sent((0, 1), b"ann", event, 3).number == 7
    for malformed in (b"{", b"[]", b'{"review": 1}', b"\xff"):
        assert records.sent((0, 1), b"ann", malformed, 3).number is None
    write = records.write("seen", b'"ann"', b'{"count": 2, "last": 1}', 3)
    assert (write.user, write.count, write.last) == ("ann", 2, 1)


def test_an_event_that_its_producer_sent_twice_is_two_inputs() -> None:
    run = Run()
    run._add(0, "ann", EVENTS - 1, 20)
    run.outcomes[-1] = replace(run.outcomes[-1], count=EVENTS + 1)
    run.writes[-2:] = [replace(one, count=EVENTS + 1) for one in run.writes[-2:]]
    ends = {"ann": (EVENTS + 1, EVENTS - 1), "bob": (EVENTS, EVENTS - 1)}
    run.held = {
        table: {user: {"count": count, "last": last} for user, (count, last) in ends.items()}
        for table in TABLES
    }
    assert counts(run.verdict()) == (0, 0, 0, 0)
