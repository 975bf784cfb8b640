"""What is said, in both languages: phrases, days and titles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from string import Formatter

from inference.tasks.phrases import _CHINESE, _ENGLISH, Phrase
from inference.tasks.spoken import short_title, spoken_day
from tests.unit.replying import (
    EN,
    NOW,
    ZH,
)


def test_both_languages_say_everything_with_the_same_facts() -> None:
    def names(template: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    assert set(_ENGLISH) == set(_CHINESE) == set(Phrase)
    for phrase in Phrase:
        assert names(_ENGLISH[phrase]) == names(_CHINESE[phrase]), phrase


def test_a_day_is_that_of_the_shop() -> None:
    night = datetime(2025, 3, 5, 20, tzinfo=UTC)
    china = timezone(timedelta(hours=8))
    assert spoken_day(night, NOW, EN, UTC) == "today"
    assert spoken_day(night, NOW, ZH, china) == "明天"


def test_a_long_title_is_cut_between_words() -> None:
    assert short_title("Kettle  \n one") == "Kettle one"
    assert short_title("word " * 30).endswith("word…")
    assert short_title("水" * 100) == "水" * 59 + "…"
