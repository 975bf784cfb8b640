"""The whole way: a real worker process with a real, tiny Transformer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from inference.client import InferenceClient, InferenceSettings
from inference.errors import ModelError
from inference.messages import Item, Lane
from inference.models.base import forward
from inference.models.loading import load
from tests.unit.tiny_bert import LABELS, make_tiny_bert

TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
pytestmark = pytest.mark.timeout(120)


async def test_scores_are_those_of_the_model_alone(tmp_path: Path) -> None:
    folder = str(make_tiny_bert(tmp_path / "tiny", temperature=1.5))
    random = np.random.default_rng(5)
    texts: list[Item] = ["很好 good " * int(n) for n in random.integers(0, 20, size=200)]
    texts += ["\0", "🙂", "x" * 100_000]
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


async def test_a_refused_folder_is_said_by_the_client(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path / "tiny")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    client = InferenceClient(InferenceSettings(models={"sentiment": str(folder)}))
    with pytest.raises(ModelError, match="pickled weights only"):
        await client.start()
