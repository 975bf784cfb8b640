"""The whole way: a real worker process with a real, tiny Transformer."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.client import InferenceClient, InferenceSettings
from inference.errors import ModelError, UnknownSlot
from inference.messages import UNREADABLE, Item, Lane
from inference.models.base import forward
from inference.models.loading import load
from tests.toys.tiny_bert import LABELS, make_tiny_bert, write_tokenizer

TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
LARGE_BYTES = 100_000_000
pytestmark = pytest.mark.timeout(120)


async def test_scores_are_those_of_the_model_alone(tmp_path: Path) -> None:
    folder = str(make_tiny_bert(tmp_path / "tiny", temperature=1.5))
    random = np.random.default_rng(5)
    texts: list[Item] = ["很好 good " * int(n) for n in random.integers(0, 20, size=200)]
    texts = [text or "good" for text in texts]
    texts += ["x " * 50_000]
    models = {"sentiment": folder, "intent": folder}
    settings = InferenceSettings(models=models, batch_tokens=256, dtype="fp32")
    async with InferenceClient(settings) as client:
        assert client.models["sentiment"].labels == LABELS
        assert client.models["intent"].slot == "intent"
        answers = await asyncio.gather(
            client.ask("sentiment", texts, lane=Lane.REVIEWS),
            client.ask("intent", texts[:50], lane=Lane.CHAT),
            *(client.ask("sentiment", [text], lane=Lane.ORDERS) for text in texts[:20]),
        )
    model = load("sentiment", folder, "cpu", 512)
    alone = np.concatenate([forward(model, model.prepare([text])) for text in texts])
    for answer in answers:
        assert not answer.errors
        assert answer.model.hash == model.info.hash
    np.testing.assert_allclose(answers[0].rows, alone, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(answers[1].rows, alone[:50], atol=TOLERANCE, rtol=0)
    for row, answer in zip(alone, answers[2:], strict=False):
        np.testing.assert_allclose(answer.rows[0], row, atol=TOLERANCE, rtol=0)


async def test_the_worker_says_what_it_computes_with_and_why(tmp_path: Path) -> None:
    folder = str(make_tiny_bert(tmp_path / "tiny"))
    async with InferenceClient(InferenceSettings(models={"sentiment": folder})) as client:
        plan = client.models["sentiment"].plan
    assert plan is not None
    assert plan.packed
    assert plan.threads >= 1
    assert "int8 is" in plan.reason


async def test_bad_texts_have_errors_and_their_neighbours_scores(tmp_path: Path) -> None:
    folder = str(make_tiny_bert(tmp_path / "tiny"))
    good: list[Item] = ["good", "很好", "not bad at all"]
    unreadable: list[Item] = ["", "   ", "\0", "🙂👍", "ほげ"]
    huge: list[Item] = ["很好 " * 333_333, "x " * 500_000, "\ud83d good"]
    settings = InferenceSettings(models={"sentiment": folder}, cache_bytes=0, dtype="fp32")
    async with InferenceClient(settings) as client:
        alone = (await client.ask("sentiment", good, lane=Lane.CHAT)).rows
        answer = await client.ask("sentiment", [*good, *unreadable, *huge], lane=Lane.CHAT)
        with pytest.raises(UnknownSlot, match="no model is loaded as 'sentimnt'"):
            await client.ask("sentimnt", good, lane=Lane.CHAT)
    assert answer.errors == dict.fromkeys(range(3, 8), UNREADABLE)
    np.testing.assert_allclose(answer.rows[:3], alone, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(answer.rows[8:].sum(axis=1), 1, atol=TOLERANCE)


async def test_a_refused_folder_is_said_by_the_client(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path / "tiny")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    client = InferenceClient(InferenceSettings(models={"sentiment": str(folder)}))
    with pytest.raises(ModelError, match="pickled weights only"):
        await client.start()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_swaps_leave_no_memory_behind(tmp_path: Path) -> None:
    folders = [str(make_large(tmp_path / name, seed)) for seed, name in enumerate(("one", "two"))]
    settings = InferenceSettings(models={"sentiment": folders[0]}, batch_tokens=512, dtype="fp32")
    async with InferenceClient(settings) as client:
        resident = []
        for number in range(1, 7):
            await client.swap("sentiment", folders[number % 2])
            answer = await client.ask("sentiment", [f"good {number}"], lane=Lane.CHAT)
            assert answer.model.name == Path(folders[number % 2]).name
            resident.append(resident_bytes(client.worker_pid))
    # The first swaps find how much two models at once take; from then on nothing is added.
    assert max(resident[3:]) - max(resident[:3]) < LARGE_BYTES / 2


def make_large(folder: Path, seed: int) -> Path:
    """Write a model whose weights are most of what its worker holds."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    shape = BertConfig(
        vocab_size=LARGE_BYTES // 4 // 256,
        hidden_size=256,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def resident_bytes(pid: int | None) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
