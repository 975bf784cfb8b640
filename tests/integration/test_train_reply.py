"""A sentence encoder from a shop's chats: what is learned, written, loaded and measured."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModel

from inference.errors import ModelError, TrainingError
from inference.evaluation.replies import Encoded, with_known
from inference.evaluation.retrieval import Choices, retrieval_report
from inference.messages import Floats, Item
from inference.models.base import Model, forward
from inference.models.loading import load
from inference.training.data.exchanges import Exchange, Exchanges
from inference.training.tuning.in_batch import Replies
from inference.training.tuning.replies import ReplyRequest, train_replies
from inference.training.tuning.settings import TuningSettings
from streams.cli.app import app
from streams.cli.failures import run_command
from tests.toys.tiny_bert import make_tame_bert
from tests.toys.tuning import Killed, Quiet, killed

SETTINGS = TuningSettings(
    epochs=8,
    patience=8,
    learning_rate=5e-3,
    batch_tokens=256,
    max_tokens=16,
    device="cpu",
    threads=1,
    dtype="fp32",
    checkpoint_s=0.0,
)
TOPICS = "abcdef"


def exchanges(count: int, start: int) -> list[Exchange]:
    """Questions that have their topic's word alone in common with what is said to them."""
    return [exchange(TOPICS[n % len(TOPICS)], n) for n in range(start, start + count)]


def exchange(topic: str, number: int) -> Exchange:
    answer = chr(ord(topic) + 10)
    return Exchange((f"{topic} {topic} {number}",), f"很 {answer} good", f"line {number}")


DATA = Exchanges(
    train=exchanges(120, 0),
    validation=exchanges(24, 200),
    test=exchanges(24, 300),
    losses=[],
    rows=168,
    sources=("chats.csv",),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tame_bert(tmp_path_factory.mktemp("base") / "tiny")


def request(base: Path, out: Path) -> ReplyRequest:
    return ReplyRequest(
        data=DATA,
        out=out,
        base=str(base),
        settings=SETTINGS,
        layers=1,
        command="train reply chats.csv",
    )


@pytest.fixture(scope="module")
def tuned(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned") / "mine"
    train_replies(request(base, out), Quiet())
    return out


@pytest.fixture(scope="module")
def encoder(tuned: Path) -> Model:
    return load("reply", str(tuned), "cpu", 512)


def rows(model: Model, *items: Item) -> Floats:
    return forward(model, model.prepare(items))


def test_the_right_reply_comes_first(encoder: Model) -> None:
    choices = Choices.of([one.reply for one in DATA.test])
    scores = Encoded.of(encoder, DATA.test, choices.replies).likeness()
    assert len(choices.replies) == len(TOPICS)
    assert retrieval_report(scores, choices).recall_at_1 > 0.9


def test_what_was_said_to_a_like_question_counts(encoder: Model) -> None:
    asked = [exchange("z", 3)]
    choices = Choices.of([one.reply for one in [*asked, *DATA.test]])
    encoded = Encoded.of(encoder, asked, choices.replies)
    by_words = np.zeros((1, len(choices.replies)), dtype=np.float32)
    others = DATA.train[:20]
    without = with_known(encoded, encoder, others, by_words)[0, 0]
    assert with_known(encoded, encoder, [*others, exchange("z", 1)], by_words)[0, 0] > without
    by_words[0, 0] = 1.0
    assert with_known(encoded, encoder, others, by_words)[0, 0] > without


def test_a_folder_tells_how_it_was_made(tuned: Path) -> None:
    assert not (tuned / ".training").exists()
    metrics = json.loads((tuned / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["recall_at_1"] > 0.9
    assert metrics["validation"][-1]["figures"]["recall@10"] == 1.0
    card = (tuned / "README.md").read_text(encoding="utf-8")
    assert "train reply chats.csv" in card
    assert "on which nothing was chosen: the right\nreply among 6." in card
    assert (tuned / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("killed_at", [1, 9])
def test_killed_and_called_again_it_ends_with_the_same_weights(
    base: Path, tuned: Path, tmp_path: Path, killed_at: int
) -> None:
    asked = request(base, tmp_path / "out")
    with pytest.raises(Killed):
        train_replies(asked, Quiet(killed_at))
    listener = Quiet()
    train_replies(asked, listener)
    assert listener.done == killed_at - 1
    weights = [(folder / "model.safetensors").read_bytes() for folder in (tmp_path / "out", tuned)]
    assert weights[0] == weights[1]


def test_killed_while_the_folder_is_written(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.training.tuning.checkpoint.Checkpoints.clear", killed)
        with pytest.raises(Killed):
            train_replies(request(base, out), Quiet())
    train_replies(request(base, out), Quiet())
    assert load("reply", str(out), "cpu", 512).info.width == 32


def test_the_first_layers_of_a_base_are_kept(base: Path, tuned: Path, tmp_path: Path) -> None:
    def layers(folder: Path) -> set[str]:
        names = load_file(folder / "model.safetensors")
        return {name.split("layer.")[1][0] for name in names if "encoder.layer." in name}

    once = replace(SETTINGS, epochs=1)
    train_replies(replace(request(base, tmp_path / "out"), layers=None, settings=once), Quiet())
    assert layers(tmp_path / "out") == {"0", "1"}
    assert layers(tuned) == {"0"}
    many = replace(request(base, tmp_path / "more"), layers=3)
    with pytest.raises(TrainingError, match="lack"):
        train_replies(many, Quiet())


def test_another_temperature_does_not_go_on_with_a_checkpoint(base: Path, tmp_path: Path) -> None:
    asked = request(base, tmp_path / "out")
    with pytest.raises(Killed):
        train_replies(asked, Quiet(3))
    with pytest.raises(TrainingError, match="unfinished training with other data"):
        train_replies(replace(asked, temperature=0.2), Quiet())


def test_a_reply_said_twice_is_not_wrong(base: Path) -> None:
    """What is left is which of the two questions it was said to: nobody can know."""
    network = AutoModel.from_pretrained(base, dtype=torch.float32).eval()
    twins = Replies(asked=[[2, 5, 3]] * 2, replies=[[2, 6, 3]], right=[0, 0], pad=0, temperature=1)
    loss = twins.loss(network, [0, 1], torch.device("cpu"))
    assert loss.item() == pytest.approx(math.log(2) / 2, abs=1e-6)


def test_rows_are_of_length_1_and_each_texts_own(encoder: Model) -> None:
    texts = ["good", "bad 差 " * 3, "a b c d e f g h", "很好"]
    together = rows(encoder, *texts)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    alone = np.concatenate([rows(encoder, text) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_of_a_text_the_beginning_is_read_and_of_a_conversation_the_end(encoder: Model) -> None:
    long = "bad " * 40
    text, turns = encoder.prepare([f"good {long}", [long, "good"]])
    assert text.length == turns.length == SETTINGS.max_tokens
    good = encoder.prepare(["good"])[0].ids
    assert text.ids[:2] == good[:2]
    assert turns.ids[0] == good[0]
    assert turns.ids[-2:] == good[1:]
    assert text.ids[-1] == good[-1]


def test_a_folder_of_another_pooling_is_refused(tuned: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(tuned, folder)
    told = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ModelError, match="mean over a text's tokens"):
        load("reply", str(folder), "cpu", 512)


def test_a_slot_of_labels_refuses_it(tuned: Path) -> None:
    with pytest.raises(ModelError, match="gives vectors, and sentiment needs probabilities"):
        load("sentiment", str(tuned), "cpu", 512)


def write(path: Path, given: list[Exchange]) -> Path:
    lines = (json.dumps({"turns": one.turns, "reply": one.reply}) for one in given)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_commands(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "chats.jsonl", DATA.train)
    held = write(tmp_path / "held.jsonl", [*DATA.test, DATA.train[0]])
    out = tmp_path / "mine"
    train = f"train reply {data} --test {held} --base {base} --epochs 1 --out {out} --device cpu"
    assert run_command(app, train.split()) == 0
    told = capsys.readouterr()
    assert "left out: 1 rows with a text of the test file" in told.err
    assert "among 6 replies, on 25 questions" in told.err
    assert run_command(app, f"evaluate reply {held} --model {out} --floor {data}".split()) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] == 25
    assert figures["model"]["labels"] == []
    assert figures["floor"]["recall_at_10"] == figures["together"]["recall_at_10"] == 1.0


def test_what_cannot_be_written_is_said_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere" / "figures.json"
    command = f"evaluate reply no-file --model no-model --json {nowhere}"
    assert run_command(app, command.split()) == 1
    assert f"{nowhere} cannot be written: there is no folder" in capsys.readouterr().err


def test_a_classifier_finds_no_replies(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = write(tmp_path / "held.jsonl", DATA.test)
    assert run_command(app, f"evaluate reply {held} --model {base}".split()) != 0
    assert "it is no sentence encoder" in capsys.readouterr().err
