"""The command line, called in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.admin import BrokerUnreachable
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.cli.show_config import masked
from streams.cli.waiting import wait_for
from streams.models.answers import Answers
from streams.models.operator import Operator


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield all that a person can say."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        else:
            yield (*path, name)


COMMANDS = tuple(commands(typer.main.get_command(app)))

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_text_has_an_example(command: tuple[str, ...]) -> None:
    found = CliRunner().invoke(app, [*command, "--help"])
    assert found.exit_code == 0
    example = " ".join(found.output.split()).partition("Example: ")[2]
    assert f"shopstreams {' '.join(command)} " in f"{example} "


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("registry:models/shop@live", "registry:{here}/models/shop@live"),
        ("registry:/models/shop", "registry:/models/shop"),
        ("registry:s3://bucket/shop@live", "registry:s3://bucket/shop@live"),
        ("./next", "{here}/next"),
        ("owner/model", "owner/model"),
    ],
)
def test_workers_are_told_of_a_model_wherever_they_stand(
    given: str, sent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def swap(_: Operator, slot: str, source: str) -> Answers:
        told.append(source)
        return Answers(command_id="c", slots=[slot])

    monkeypatch.setattr(Operator, "swap", swap)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["models", "swap", "sentiment", given])
    assert done.exit_code == 0, done.output
    assert told == [sent.format(here=tmp_path)]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        (("kafka", "sasl_password"), "x", "****"),
        (("kafka", "password"), None, None),
        (("models", "sentiment"), "https://me:pw@hub/x", "https://****@hub/x"),
        (("inference", "batch_tokens"), 4096, 4096),
    ],
)
def test_secrets_are_masked(key: tuple[str, ...], value: object, shown: object) -> None:
    assert masked(key, value) == shown


@pytest.mark.parametrize("written", ["json-schema", "asyncapi"])
def test_contract_is_json(written: str) -> None:
    found = CliRunner().invoke(app, ["contract", "--format", written])
    assert isinstance(json.loads(found.stdout), dict)


@pytest.mark.parametrize(
    "arguments",
    [["rnu"], ["replay", "reviews"], ["replay", "reviews", "f", "--limit", "0"], ["tail", "--x"]],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(app, arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tail", "held-reviews"], "reviews are not moderated here: set moderation.enabled"),
        (["tail", "review-decisons"], "there is no result topic 'review-decisons': did you mean"),
        (["models", "drop", "moderation"], "'moderation': reviews are not moderated here"),
        (["models", "drop", "aspects"], "'aspects': the sentiment model answers"),
        (["models", "drop", "moderatoin"], "there is no slot 'moderatoin'"),
        (["topics", "acls", "--principal", "shop"], "User:shop"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(app, arguments) == 2
    shown = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert said in shown


def test_a_broker_that_is_starting_is_waited_for() -> None:
    tries: list[int] = []

    def call() -> str:
        tries.append(len(tries))
        if len(tries) == 1:
            raise BrokerUnreachable("broker:9092")
        return "made"

    assert wait_for(call, (BrokerUnreachable,), 30) == "made"
    tries.clear()
    with pytest.raises(BrokerUnreachable):
        wait_for(call, (BrokerUnreachable,), 0)
    assert len(tries) == 1


def test_what_should_not_happen_leaves_its_traceback_in_a_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    odd = typer.Typer(pretty_exceptions_enable=False)

    @odd.command()
    def fail() -> None:
        raise RuntimeError("odd")

    assert run_command(odd, []) == 1
    said = capsys.readouterr().err
    assert "this should not happen (RuntimeError: odd)" in said
    file = Path(said.rsplit(" ", 1)[-1].strip())
    assert "Traceback" in file.read_text(encoding="utf-8")
    file.unlink()
