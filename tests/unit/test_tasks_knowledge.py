"""The right entry of a knowledge base, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.knowledge import KnowledgeBase, likely_intents
from inference.tasks.similarity import Rarity, cosine, grams_of
from schemas.base import Language
from schemas.reference import KnowledgeEntry

EN, ZH = Language.ENGLISH, Language.CHINESE

RETURNS = {
    "policy": "How do returns work?",
    "receipt": "Do you take things back without the receipt?",
    "sale": "Can reduced or sale items be sent back?",
    "opened": "May I return something whose box I have opened?",
    "postage": "Who pays the postage of a return?",
    "pickup": "Will you pick up large furniture that I return?",
    "退货政策": "可以七天无理由退货吗？",
    "退货运费": "退货的运费谁出？",
    "拆封": "拆封了还能退吗？",
    "发票丢失": "发票丢了可以退货吗？",
}


def entry(entry_id: str, question: str, **fields: object) -> KnowledgeEntry:
    given = {"entry_id": entry_id, "question": question, "answer": f"A {entry_id}", **fields}
    return KnowledgeEntry.model_validate(given)


def base(**fields: object) -> KnowledgeBase:
    knowledge = KnowledgeBase()
    for entry_id, question in RETURNS.items():
        knowledge.put(entry(entry_id, question, **fields), ["return_refund"])
    return knowledge


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i lost my receipt, do you still take it back", "receipt"),
        ("can i send back sale items", "sale"),
        ("the box is opened, may I still return it", "opened"),
        ("who pays for return postage", "postage"),
        ("pick up of furniture I want to return", "pickup"),
        ("how do your returns work", "policy"),
        ("七天内可以退吗，无理由", "退货政策"),
        ("退货运费是我出吗", "退货运费"),
        ("拆封了能不能退", "拆封"),
        ("发票丢了怎么退货", "发票丢失"),
    ],
)
def test_the_text_chooses_among_entries_of_one_intent(text: str, expected: str) -> None:
    language = ZH if text[0] > "\u3000" else EN
    found = base().best("return_refund", language, text)
    assert found is not None
    assert found.entry_id == expected


@pytest.mark.parametrize("text", ["is this kettle dishwasher safe", "how tall are you", "", "🙂"])
def test_no_question_near_enough_is_no_answer(text: str) -> None:
    assert base().best("return_refund", EN, text) is None


def test_an_entry_answers_only_its_intent_and_its_language() -> None:
    knowledge = base()
    assert knowledge.best("payment", EN, "how do returns work") is None
    assert knowledge.best("return_refund", ZH, "how do returns work") is None
    match = knowledge.best("return_refund", ZH, "how do returns work", other_language=True)
    assert match is not None
    assert match.entry_id == "policy"


def test_the_only_entry_that_a_shop_named_for_an_intent_needs_no_like_words() -> None:
    knowledge = KnowledgeBase()
    knowledge.put(entry("pay", "What payment methods do you accept?", intent="payment"))
    found = knowledge.best("payment", EN, "do you take visa")
    assert found is not None
    knowledge.put(entry("late", "Can I pay after delivery?", intent="payment"))
    assert knowledge.best("payment", EN, "do you take visa") is None


def test_the_very_question_is_found_whatever_its_intent() -> None:
    found = base().verbatim(EN, "how do RETURNS work")
    assert found is not None
    assert found.entry_id == "policy"
    assert base().verbatim(ZH, "how do returns work") is None


def test_an_entry_of_a_language_that_is_not_spoken_is_kept_but_not_found() -> None:
    knowledge = KnowledgeBase()
    knowledge.put(entry("fr", "Livrez-vous en Suisse ?", language="fr", intent="shipping_info"))
    assert len(knowledge) == 1
    assert all(knowledge.best("shipping_info", language, "x") is None for language in Language)
    knowledge.remove("fr")
    assert len(knowledge) == 0


def test_replacing_and_removing() -> None:
    knowledge = base()
    knowledge.put(entry("policy", "Where is my shop?"), ["account"])
    assert knowledge.best("account", EN, "where is the shop") is not None
    assert knowledge.verbatim(EN, "How do returns work?") is None
    knowledge.remove("policy")
    knowledge.remove("never there")
    assert knowledge.best("account", EN, "where is the shop") is None
    assert len(knowledge) == len(RETURNS) - 1


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(list(RETURNS))), max_size=20))
def test_changes_leave_what_building_anew_gives(changes: list[tuple[bool, str]]) -> None:
    knowledge = KnowledgeBase()
    left: dict[str, KnowledgeEntry] = {}
    for is_put, entry_id in changes:
        if is_put:
            left[entry_id] = entry(entry_id, RETURNS[entry_id])
            knowledge.put(left[entry_id], ["x"])
        else:
            left.pop(entry_id, None)
            knowledge.remove(entry_id)
    fresh = KnowledgeBase()
    for one in left.values():
        fresh.put(one, ["x"])
    for text in RETURNS.values():
        for language in Language:
            old, new = knowledge.match("x", language, text), fresh.match("x", language, text)
            assert (old and old.entry) == (new and new.entry)
            assert (old and old.likeness) == pytest.approx(new and new.likeness)


def test_likely_intents_are_the_first_and_all_near_it() -> None:
    labels = ("a", "b", "c")
    assert likely_intents([0.1, 0.6, 0.3], labels) == ("b", "c")
    assert likely_intents([0.1, 0.15, 0.12], labels) == ("b",)


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_cosine(one: str, other: str) -> None:
    rarity = Rarity()
    rarity.add(grams_of(one))
    left, right = rarity.weights(grams_of(one)), rarity.weights(grams_of(other))
    assert -1e-9 <= cosine(left, right) <= 1 + 1e-9
    assert cosine(left, right) == pytest.approx(cosine(right, left))
    assert not left or cosine(left, left) == pytest.approx(1)
