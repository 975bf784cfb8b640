"""The command line in a process of its own, as a user calls it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streams.cli.doctor import Mark, findings
from streams.config import load_settings
from streams.demo.broker import EmbeddedBroker
from tests.kafka.helpers import read_all

NO_BROKER = ("--bootstrap-servers", "127.0.0.1:1")
pytestmark = pytest.mark.timeout(120)


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "SHOPSTREAMS" not in name}
    paths = [str(Path(__file__).parents[2]), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | settings


def shopstreams(
    *arguments: str, cwd: Path | None = None, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(**(settings or {})),
        timeout=100,
        check=False,
    )


def fails_with_a_sentence(done: subprocess.CompletedProcess[str], code: int, said: str) -> None:
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker"))
    yield broker.address
    broker.stop()


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    file = tmp_path / "reviews.csv"
    file.write_text("text\ngood\n", encoding="utf-8")
    return file


def test_help_comes_at_once_and_imports_nothing_heavy() -> None:
    before = processor_s()
    done = shopstreams("--help")
    taken_s = processor_s() - before
    assert done.returncode == 0
    heavy = (
        "import sys, streams.cli.app; print({'torch', 'faust', 'transformers', 'confluent_kafka'"
    )
    check = f"{heavy}, 'pydantic'}} & set(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, env=environment(), check=True
    )
    assert found.stdout.strip() == "set()"
    assert taken_s < 1.5  # 0.3 where nothing else runs, half as fast where something does


def processor_s() -> float:
    """Return the time on a processor of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_config_shows_values_and_origins(tmp_path: Path) -> None:
    (tmp_path / "shopstreams.toml").write_text("[web]\nport = 7000\n", encoding="utf-8")
    settings = {"SHOPSTREAMS_KAFKA__GROUP": "shop"}
    done = shopstreams("config", "--json", cwd=tmp_path, settings=settings)
    shown = json.loads(done.stdout)
    assert shown["web.port"] == {"value": 7000, "origin": "shopstreams.toml"}
    assert shown["kafka.group"] == {"value": "shop", "origin": "SHOPSTREAMS_KAFKA__GROUP"}
    assert shown["kafka.partitions"]["origin"] == "default"
    table = shopstreams("config", cwd=tmp_path, settings=settings).stdout
    assert "SHOPSTREAMS_KAFKA__GROUP" in table


def test_wrong_configuration_is_2(tmp_path: Path) -> None:
    done = shopstreams("doctor", cwd=tmp_path, settings={"SHOPSTREAMS_WEB__PORT": "x"})
    fails_with_a_sentence(done, 2, "web.port = 'x' in SHOPSTREAMS_WEB__PORT")
    (tmp_path / "shopstreams.toml").write_text("[kafka\n", encoding="utf-8")
    fails_with_a_sentence(shopstreams("run", cwd=tmp_path), 2, "at line 1")
    done = shopstreams("run", "--config", "no.toml", cwd=tmp_path)
    fails_with_a_sentence(done, 2, "cannot read no.toml")
    (tmp_path / "shopstreams.toml").unlink()
    fails_with_a_sentence(shopstreams("tail", "label", cwd=tmp_path), 2, "no result topic 'label'")


@pytest.mark.parametrize(
    "command", [("topics", "check"), ("topics", "create"), ("tail",), ("models", "list")]
)
def test_an_unreachable_broker_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    done = shopstreams(*command, *NO_BROKER, cwd=tmp_path)
    fails_with_a_sentence(done, 1, "no Kafka broker answers at 127.0.0.1:1: start one")


def test_a_feed_sends_until_it_is_stopped(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)  # its own: it makes topics
    settings = environment(SHOPSTREAMS_KAFKA__DECLARE_TOPICS="false")
    command = [sys.executable, "-m", "streams.cli", "feed", "--rate", "200"]
    feed = subprocess.Popen(
        [*command, "--bootstrap-servers", broker.address],
        cwd=tmp_path,
        env=settings,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for topic in ("catalogue", "knowledge", "reviews", "queries", "orders"):
            assert read_all(broker.address, topic, 3)
    finally:
        feed.terminate()
        _, said = feed.communicate(timeout=30)
        broker.stop()
    assert (feed.returncode, said) == (0, "")


def test_missing_topics_are_said(embedded: str, reviews: Path) -> None:
    done = shopstreams("replay", "reviews", str(reviews), "--bootstrap-servers", embedded)
    fails_with_a_sentence(done, 1, "has no topic reviews: make it with `shopstreams topics create`")


def test_a_model_folder_without_weights_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    settings = {"SHOPSTREAMS_MODELS__SENTIMENT": str(folder)}
    done = shopstreams("doctor", *NO_BROKER, cwd=tmp_path, settings=settings)
    assert done.returncode == 1
    assert "✗ no Kafka broker answers" in done.stdout
    assert "✗ models do not load" in done.stdout
    assert str(folder) in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


def test_a_policy_that_will_not_do_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[insult]\nhold = 2\n", encoding="utf-8")
    flags = {"moderation.enabled": True, "moderation.policy": str(policy)}
    said = f"moderation.policy: {policy}: insult.hold must be a number above 0"
    servers = {"kafka.bootstrap_servers": "127.0.0.1:1"}
    found = findings(load_settings(environ={}, flags=flags | servers, directory=tmp_path).settings)
    broker, state, policy_finding = islice(found, 3)
    assert (broker.mark, state.mark, policy_finding.mark) == (Mark.BAD, Mark.GOOD, Mark.BAD)
    assert said in policy_finding.sentence
    environ = {
        "SHOPSTREAMS_MODERATION__ENABLED": "true",
        "SHOPSTREAMS_MODERATION__POLICY": str(policy),
    }
    done = shopstreams("run", *NO_BROKER, cwd=tmp_path, settings=environ)
    fails_with_a_sentence(done, 1, said)


def test_what_no_broker_can_mend_is_said_before_one_is_waited_for(tmp_path: Path) -> None:
    environ = {"SHOPSTREAMS_WEB__TOKEN_FILE": "nowhere"}
    done = shopstreams("run", *NO_BROKER, cwd=tmp_path, settings=environ)
    fails_with_a_sentence(done, 1, "web.token_file nowhere cannot be read")


def test_a_file_that_is_not_there_is_said_before_a_broker_is_asked() -> None:
    for more in ([], ["--wait"]):
        done = shopstreams("replay", "reviews", "no.csv", *more, *NO_BROKER)
        fails_with_a_sentence(done, 1, "no.csv: No such file")


def test_a_file_that_will_not_do_is_said(embedded: str, tmp_path: Path, reviews: Path) -> None:
    at = ("--bootstrap-servers", embedded)
    made = {"SHOPSTREAMS_KAFKA__DECLARE_TOPICS": "false"}
    done = shopstreams("replay", "reviews", str(tmp_path / "no.csv"), *at, settings=made)
    fails_with_a_sentence(done, 1, "no.csv: No such file")
    done = shopstreams("replay", "queries", str(reviews), "--map", "text", *at, settings=made)
    fails_with_a_sentence(done, 1, "--map takes NAME=VALUE")
    done = shopstreams("replay", "knowledge", str(reviews), *at, settings=made)
    fails_with_a_sentence(done, 1, "no column question, answer; it has text")


def test_replay_says_what_it_sent_and_waits_in_vain(embedded: str, reviews: Path) -> None:
    at = ("--bootstrap-servers", embedded)
    made = {"SHOPSTREAMS_KAFKA__DECLARE_TOPICS": "false"}
    done = shopstreams("replay", "reviews", str(reviews), *at, settings=made)
    assert (done.returncode, done.stdout) == (0, "1 records sent to reviews\n")
    done = shopstreams(
        "replay", "reviews", str(reviews), "--wait", "--timeout", "1", *at, settings=made
    )
    fails_with_a_sentence(done, 1, "1 events have no outcome")
    assert json.loads(done.stdout)["missing"] == 1


def test_tail_shows_outcomes_until_interrupted(embedded: str) -> None:
    producer = Producer({"bootstrap.servers": embedded})
    value = {"result_id": "reviews-0-0-sentiment", "sentiment": "positive", "score": 0.9}
    producer.produce("review-labels", value=json.dumps(value))
    assert producer.flush(10) == 0
    arguments = ["tail", "review-labels", "--from-beginning", "--bootstrap-servers", embedded]
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *arguments, "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        shown = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert (shown["topic"], shown["result_id"]) == ("review-labels", "reviews-0-0-sentiment")
    readable = shopstreams(*arguments, "--limit", "1").stdout
    assert "review-labels" in readable
    assert "positive 0.90" in readable
