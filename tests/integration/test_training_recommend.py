"""A shop's own recommender, trained: from files of orders to a folder that the worker loads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from inference.errors import ModelError, TrainingError
from inference.models.loading import BUNDLED_FOLDER, load
from inference.training.recommend import fine, train_recommender
from streams.cli.app import app
from tests.toys.purchases import TITLES, purchases, write_files

BASE = BUNDLED_FOLDER / "recommend"


def told(_: str) -> None:
    """Listen to nothing."""


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_text("precious")
    with pytest.raises(TrainingError, match="is not empty"):
        train_recommender(purchases(), tmp_path, BASE, fine(1), told)
    assert (tmp_path / "model.safetensors").read_text() == "precious"


def test_one_that_was_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    def end(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_recommender(purchases(), tmp_path / "own", BASE, fine(3), end)
    assert not (tmp_path / "own").exists()


def test_a_tuned_recommender_is_a_folder_that_the_worker_loads(tmp_path: Path) -> None:
    epochs: list[str] = []
    told = train_recommender(purchases(), tmp_path / "own", BASE, fine(2), epochs.append)
    figures = told["full ranking of all items"]
    assert {"trained", "before training", "popularity", "own most bought", "item-kNN"} == set(
        figures
    )
    assert len(epochs) == 2
    assert len(told["curve"]) == 3  # what it began with, too
    assert json.loads((tmp_path / "own/metrics.json").read_text())["items"] == len(TITLES)
    model = load("recommend", str(tmp_path / "own"), "cpu", 128)
    rows = model.forward(model.prepare(["red teapot", ["blue hammer", "red hammer"]]))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    # Where no epoch is better than what it began with, that is kept.
    learned = any(one != told["curve"][0] for one in told["curve"])
    assert (model.info.hash != load("recommend", "bundled", "cpu", 128).info.hash) is learned


def test_one_seed_gives_one_result(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_recommender(purchases(), tmp_path / name, BASE, fine(1), told)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_too_few_customers_who_come_back_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="0 customers who came back are there to learn from"):
        train_recommender(purchases(visits=1), tmp_path, BASE, fine(1), told)


def test_a_base_that_is_no_recommender_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has not the weights of a recommender"):
        train_recommender(purchases(), tmp_path, BUNDLED_FOLDER / "sentiment", fine(1), told)


def test_the_command_trains_and_tells(tmp_path: Path) -> None:
    orders, catalogue = write_files(tmp_path)
    arguments = [
        "train",
        "recommend",
        str(orders),
        "--catalogue",
        str(catalogue),
        "--out",
        str(tmp_path / "own"),
    ]
    maps = ["--map", "user_id=who,product_id=sku,created_at=when", "--catalogue-map", "title=name"]
    result = CliRunner().invoke(app, [*arguments, *maps, "--epochs", "1"])
    assert result.exit_code == 0, result.output
    assert "1 lines were left out: not in the catalogue" in result.stderr
    assert json.loads(result.stdout)["items"] == len(TITLES)
    assert (tmp_path / "own/model.safetensors").is_file()
