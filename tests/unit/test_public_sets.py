"""Public sets: what is measured was not trained on."""

from __future__ import annotations

from pathlib import Path

from inference.training import readers
from inference.training.moderation_data import cold_examples
from tests.benchmarks.quality_rows.intents import distinct


def write(data: Path, part: str, *texts: str) -> None:
    lines = ["TEXT,label", *(f"{text},{at % 2}" for at, text in enumerate(texts))]
    (data / "cold").mkdir(exist_ok=True)
    (data / f"cold/{part}.csv").write_text("\n".join(lines), encoding="utf-8")


def test_posts_that_stand_in_two_parts_are_in_neither(tmp_path: Path) -> None:
    write(tmp_path, "train", "learned", "Both  of them", "train and dev")
    write(tmp_path, "dev", "chosen", "train and dev", "dev and test")
    write(tmp_path, "test", "measured", "both of them", "dev and test")
    parts = {
        part: [one.text for one in readers.cold_apart(tmp_path, part)]
        for part in readers.COLD_PARTS
    }
    assert parts == {"train": ["learned"], "dev": ["chosen"], "test": ["measured"]}
    assert [one.text for one in cold_examples(tmp_path, "train")] == ["learned"]


def test_a_message_that_was_sent_twice_is_in_one_fold() -> None:
    messages = [("Where is it", "status"), ("where  is it", "status"), ("refund", "refund")]
    assert distinct(messages) == [messages[0], messages[2]]
