"""From scores to a decision, its reasons and their places; and what a person's decision does."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inference.tasks import moderation
from inference.tasks.moderation import RULED, Finding, Policy, Settlement, Thresholds
from inference.tasks.moderation_policy import (
    PolicyError,
    parse_policy,
    read_policy,
    unknown_attributes,
)
from schemas.base import Language
from schemas.events import ModerationDecision, Verdict
from schemas.results import Decision, Effect, HeldReview, ModelId, Outcome, Source, Timings
from streams.cli.app import app
from streams.cli.failures import run_command

POLICY = parse_policy(
    {
        "insult": {"hold": 0.5, "reject": 0.9, "zh": {"hold": 0.7}},
        "spam": {"reject": 0.8},
        "personal_data": {"hold": 0.5},
    }
)


@pytest.mark.parametrize(
    ("scores", "language", "expected"),
    [
        ({}, "en", Decision.ALLOW),
        ({"insult": 0.49, "spam": 0.79}, "en", Decision.ALLOW),
        ({"insult": 0.5}, "en", Decision.HOLD),
        ({"insult": 0.5}, "zh", Decision.ALLOW),
        ({"insult": 0.7}, "zh", Decision.HOLD),
        ({"insult": 0.9}, "zh", Decision.REJECT),
        ({"spam": 0.8, "insult": 0.6}, "en", Decision.REJECT),
        ({"threat": 1.0}, "en", Decision.ALLOW),  # the policy does not name it
    ],
)
def test_the_gravest_consequence_counts(
    scores: dict[str, float], language: str, expected: Decision
) -> None:
    assert moderation.decide(scores, Language(language), POLICY).decision is expected


def test_every_finding_is_told_the_gravest_first() -> None:
    scores = {"insult": 0.6, "spam": 0.8, "personal_data": 0.7}
    found = moderation.decide(scores, Language.ENGLISH, POLICY).findings
    assert [(one.attribute, one.decision) for one in found] == [
        ("spam", Decision.REJECT),
        ("personal_data", Decision.HOLD),
        ("insult", Decision.HOLD),
    ]
    assert found[0].threshold == 0.8


def test_a_rule_is_sure_of_personal_data() -> None:
    labels = ("insult", "personal_data")
    assert moderation.read([0.1, 0.2], labels, "call me on +1 415 555 0132")["personal_data"] == 1
    assert moderation.read([0.1, 0.2], labels, "a fine kettle") == {
        "insult": 0.1,
        "personal_data": 0.2,
        "threat": 0.0,
    }
    assert moderation.read([0.1], ("rude",), "fine")["personal_data"] == 0  # another's model


@pytest.mark.parametrize("row", [[0.5], [0.5, float("nan")], [0.5, 1.5]])
def test_what_is_no_row_of_probabilities_is_refused(row: list[float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        moderation.read(row, ("insult", "spam"), "text")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("fine", ["fine"]),
        ("好用，推荐！ 你是猪。", ["好用，", "推荐！", "你是猪。"]),
        ("Good. You are a pig, really.", ["Good.", "You are a pig,", "really."]),
        ("it is 2.5 cm wide", ["it is 2.5 cm wide"]),
        ("visit www.shop.com now", ["visit www.shop.com now"]),
        ("！！！？？，，", []),
        ("\n\n ok \n", ["ok"]),
    ],
)
def test_clauses_are_the_parts_that_say_something(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in moderation.clauses(text)] == expected


@pytest.mark.parametrize(
    "text", ["a," * 500_000, "。" * 1_000_000, "x" * 1_000_000, ". " * 500_000]
)
def test_clauses_are_bounded_and_take_no_time(text: str) -> None:
    began = time.process_time()
    assert len(moderation.clauses(text)) <= moderation.CLAUSES
    assert time.process_time() - began < 2


def test_a_reason_is_where_the_score_is_highest() -> None:
    text = "Good kettle. You are a pig, call 415-555-0132 now."
    found = [_finding("insult"), _finding("personal_data"), _finding("toxicity")]
    places = moderation.clauses(text)
    scored = {
        place: {"insult": 0.9 if "pig" in text[slice(*place)] else 0.1, "toxicity": 0.0}
        for place in places
    }
    insult, personal, _ = moderation.reasons(found, text, scored)
    assert (insult.text, insult.score) == ("You are a pig,", 0.7)
    assert text[insult.start : insult.end] == insult.text
    assert personal.text == "415-555-0132"


def test_without_clauses_the_whole_text_is_the_place() -> None:
    text = "x" * 5_000
    (reason,) = moderation.reasons([_finding("insult")], text, {})
    assert (reason.start, reason.end, len(reason.text)) == (0, 5_000, moderation.QUOTED)


@pytest.mark.parametrize(
    ("held", "settled", "meant", "expected"),
    [
        (None, None, None, Effect.NOT_WAITING),
        (None, ("a", "d1"), "a", Effect.NOT_WAITING),
        ("a", None, None, Effect.APPLIED),
        ("a", None, "a", Effect.APPLIED),
        ("b", None, "a", Effect.NOT_WAITING),  # it was edited, and held again, meanwhile
        ("a", ("a", "d1"), None, Effect.ALREADY_DECIDED),
        ("b", ("a", "d1"), None, Effect.APPLIED),
        ("b", ("a", "d1"), "b", Effect.APPLIED),
        ("a", ("a", "d2"), None, Effect.APPLIED),  # it is its own repeat
        ("a", ("a", "d2"), "a", Effect.APPLIED),
        ("b", ("a", "d2"), None, Effect.NOT_WAITING),  # which settles no later hold
    ],
)
def test_the_first_decision_on_the_latest_hold_counts(
    held: str | None, settled: tuple[str, str] | None, meant: str | None, expected: Effect
) -> None:
    decision = ModerationDecision(
        review_id="r",
        user_id="u",
        decision=Verdict.ALLOW,
        held_id=meant,
        created_at=datetime.now(UTC),
    )
    known = Settlement(held_id=settled[0], result_id=settled[1]) if settled else None
    hold = _held(held) if held else None
    assert moderation.settle(hold, known, decision, "d2") is expected


# -- policies


def test_the_bundled_policy_is_whole() -> None:
    policy = read_policy()
    assert {"toxicity", "insult", "threat", "profanity", "spam", "personal_data"} == set(
        policy.attributes
    )


def test_a_policy_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[rude]\nhold = 0.5\n[rude.en]\nreject = 0.9\n", encoding="utf-8")
    assert read_policy(file) == Policy(
        languages={
            Language.CHINESE: {"rude": Thresholds(hold=0.5)},
            Language.ENGLISH: {"rude": Thresholds(hold=0.5, reject=0.9)},
        }
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "no attribute is named"),
        ({"insult": 0.5}, "insult must be a table"),
        ({"insult": {"hold": 0.5, "rejct": 0.9}}, "insult.rejct: did you mean 'reject'"),
        ({"insult": {"hold": 0.5, "fr": {"hold": 0.1}}}, "unknown key insult.fr"),
        ({"insult": {"hold": 0.5, "zh": {"hald": 0.1}}}, "insult.zh.hald: did you mean 'hold'"),
        ({"insult": {"hold": 0}}, "insult.hold must be a number above 0"),
        ({"insult": {"hold": True}}, "insult.hold must be a number"),
        ({"insult": {"hold": "0.5"}}, "insult.hold must be a number"),
        ({"insult": {"reject": 1.1}}, "insult.reject must be a number"),
        ({"insult": {"hold": 0.9, "reject": 0.5}}, r"reject \(0.5\) is below hold \(0.9\)"),
        ({"insult": {"hold": 0.6, "zh": {"reject": 0.5}}}, "is below hold"),
        ({"insult": {}}, "insult has no threshold"),
        ({"insult": {"zh": {"hold": 0.5}}}, "no threshold for en"),
        ({"insult": {"hold": 0.5, "zh": 1}}, "insult.zh must be a table"),
    ],
)
def test_a_policy_that_is_wrong_is_refused(content: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        parse_policy(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[insult]\nhold = \n", "is not TOML: .*at line 2"),
        (b"[insult]\xff\xfe", "is not UTF-8 .at byte 8"),
        (b"[insult]\nhold = 2\n", "insult.hold must be a number above 0 and up to 1"),
        (None, "cannot read .*: No such file"),
    ],
)
def test_a_file_that_is_no_policy_is_named_with_the_place(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "policy.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PolicyError, match=said) as caught:
        read_policy(file)
    assert str(file) in str(caught.value)


def test_an_attribute_that_nobody_scores_is_told_with_the_nearest_one() -> None:
    policy = parse_policy({name: {"hold": 0.5} for name in ("insutl", *RULED, "spam")})
    assert unknown_attributes(policy, ["insult", "spam"]) == [
        "the moderation model knows no 'insutl': did you mean 'insult'?"
    ]
    assert not unknown_attributes(read_policy(), read_policy().attributes)


def test_policy_check_refuses_what_the_model_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[insutl]\nhold = 0.5\n", encoding="utf-8")
    assert run_command(app, ["policy", "check", str(file)]) == 2
    assert "knows no 'insutl': did you mean 'insult'?" in capsys.readouterr().err
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert run_command(app, ["policy", "check", str(file)]) == 2
    assert f"{file}: no attribute is named" in capsys.readouterr().err
    assert run_command(app, ["policy", "check"]) == 0


def _finding(attribute: str) -> Finding:
    return Finding(attribute=attribute, decision=Decision.HOLD, score=0.7, threshold=0.5)


def _held(result_id: str) -> HeldReview:
    return HeldReview(
        result_id=result_id,
        outcome=Outcome.HELD,
        source=Source(topic="reviews", partition=0, offset=0, timestamp_ms=0),
        model=None,
        timings=Timings(wait_ms=0, decode_ms=0, queue_ms=0, compute_ms=0, total_ms=0),
        produced_at=datetime.now(UTC),
        review_id="r",
        user_id="u",
        product_id="p",
        text="text",
        rating=None,
        language=Language.ENGLISH,
        sentiment="negative",
        score=0.9,
        scores={},
        attributes={},
        reasons=(),
        moderation_model=ModelId(name="m", hash="0"),
        created_at=datetime.now(UTC),
    )
