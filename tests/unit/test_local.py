"""What a worker needs of its own machine, and what doctor says of it."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from inference.errors import ModelError
from streams.cli.doctor import Mark, findings
from streams.config import load_settings
from streams.config_sections import WebSettings
from streams.errors import StartupError
from streams.local import require_local
from streams.web.start import require_port


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("web.token_file", "nowhere", "web.token_file nowhere cannot be read"),
        ("models.intent", "bundeld", "no model 'bundeld' for intent: did you mean 'bundled'?"),
        ("web.port", "{taken}", "port {taken} is taken: set web.port to a free one"),
    ],
)
def test_what_no_broker_can_mend_is_said(
    tmp_path: Path, taken: int, setting: str, value: str, said: str
) -> None:
    flags = {"engine.state_dir": str(tmp_path / "state"), setting: value.format(taken=taken)}
    settings = load_settings(environ={}, flags=flags, directory=tmp_path).settings
    with pytest.raises((StartupError, ModelError), match=re.escape(said.format(taken=taken))):
        require_local(settings)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"perspective.enabled": True, "web.enabled": False},
            "perspective.enabled is of no use with web.enabled = false",
        ),
        ({"tracing.endpoint": "http://127.0.0.1:1", "web.enabled": False}, "is not installed"),
    ],
)
def test_what_keeps_a_worker_from_starting_is_a_finding_of_doctor(
    flags: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "streams.telemetry.tracing", None)  # as without the extra
    flags |= {"engine.state_dir": str(tmp_path), "kafka.bootstrap_servers": "127.0.0.1:1"}
    settings = load_settings(environ={}, flags=flags, directory=tmp_path).settings
    with pytest.raises(StartupError, match=said):
        require_local(settings)
    _broker, _state_dir, found = islice(findings(settings), 3)
    assert (found.mark, said in found.sentence) == (Mark.BAD, True)


@pytest.mark.parametrize(("others", "is_there"), [(["127.0.0.1"], True), ([], False)])
def test_an_address_that_is_not_this_machines_matters_if_it_is_the_only_one(
    others: list[str], is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        free: int = one.getsockname()[1]
    known = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, free)) for address in others]
    strange = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", free))  # for documents
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [strange, *known])
    web = WebSettings(host="localhost", port=free)
    if is_there:
        require_port(web)
        return
    with pytest.raises(StartupError, match="is no address of this machine"):
        require_port(web)


def test_doctor_looks_at_state_folder_token_and_port(tmp_path: Path, taken: int) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "token").write_text("short")
    flags = {
        "kafka.bootstrap_servers": "127.0.0.1:1",
        "engine.state_dir": str(tmp_path / "file" / "state"),
        "web.token_file": str(tmp_path / "token"),
        "web.port": taken,
    }
    settings = load_settings(environ={}, flags=flags, directory=tmp_path).settings
    _broker, *found = islice(findings(settings), 4)
    marks = [Mark.BAD, Mark.BAD, Mark.DOUBTFUL]  # a worker that runs has its port by right
    words = ["cannot write to engine.state_dir", "fewer than 16 characters", "is taken"]
    for finding, mark, said in zip(found, marks, words, strict=True):
        assert (finding.mark, said in finding.sentence) == (mark, True)
