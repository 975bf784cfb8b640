"""Versions of a model: measured on one file, promoted if not worse, loaded by address."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from inference.compression.comparing import standing
from inference.errors import ModelError, RegistryError
from inference.evaluation.run import EvaluationRequest
from inference.models import planning
from inference.models.loading import content_hash, load
from inference.models.precision import Choice
from inference.models.sentences import write_layout
from inference.registry.address import fetch
from inference.registry.named import Named
from inference.registry.records import About, Alias, Version
from inference.registry.registry import Registry
from streams.cli.failures import run_command
from tests.toys.tiny_bert import edit_config, make_tiny_bert

pytestmark = pytest.mark.usefixtures("one_thread")
ABOUT = About(slot="sentiment", evaluation="evaluation/held-out.jsonl")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of different content and the same scores."""
    place = tmp_path_factory.mktemp("models")
    first = make_tiny_bert(place / "first")
    second = Path(shutil.copytree(first, place / "second"))
    edit_config(second, {"temperature": 2.0})
    return first, second


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return make(tmp_path, str(tmp_path / "registry"))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry that is no folder, and a cache of our own for what comes from there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    MemoryFileSystem.store.clear()
    return make(tmp_path, "memory://shop/registry")


def make(tmp_path: Path, address: str) -> Registry:
    file = tmp_path / "held-out.jsonl"
    rows = [
        json.dumps({"text": f"{'good' if n % 2 else 'bad'} {n}", "label": n % 2}) for n in range(20)
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    return Registry.create(address, ABOUT, file)


def live(registry: Registry) -> Named:
    return Named(place=registry.store.address, version="live")


def rate(registry: Registry, version: Version, macro_f1: float) -> None:
    """Write another figure, as another evaluation would have found."""
    record = {**version.to_json(), "macro_f1": macro_f1}
    registry.store.write(f"records/{version.hash}.json", record)


def test_add_promote_and_roll_back(registry: Registry, models: tuple[Path, Path]) -> None:
    first, second = (registry.add(model) for model in models)
    assert registry.aliases() == {Alias.CANDIDATE: second.hash}
    registry.promote(first.hash[:6])
    assert registry.aliases() == {Alias.LIVE: first.hash, Alias.CANDIDATE: second.hash}
    registry.promote()
    assert registry.aliases() == {Alias.LIVE: second.hash, Alias.PREVIOUS: first.hash}
    assert registry.rollback() == first
    assert registry.find("live") == first
    assert registry.find("previous") == second
    assert {one.hash for one in registry.versions()} == {first.hash, second.hash}


def test_what_is_worse_than_live_is_refused(registry: Registry, models: tuple[Path, Path]) -> None:
    first, second = (registry.add(model) for model in models)
    rate(registry, first, 0.9)
    rate(registry, second, 0.8)
    registry.promote(first.hash)
    with pytest.raises(RegistryError, match=rf"{second.hash} is worse .* 80\.0 .* against 90\.0"):
        registry.promote()
    assert registry.find("live").hash == first.hash
    registry.promote(force=True)
    assert registry.find("live").hash == second.hash


def test_the_same_model_again_is_the_same_version(
    registry: Registry, models: tuple[Path, Path]
) -> None:
    version = registry.add(models[0])
    assert registry.add(models[0]) == version
    assert version.hash == content_hash(models[0])
    assert (version.n, len(registry.versions())) == (20, 1)


def test_a_worker_loads_the_live_version(registry: Registry, models: tuple[Path, Path]) -> None:
    address = f"registry:{registry.store.address}"
    with pytest.raises(ModelError, match=r"no version .* is live yet"):
        load("sentiment", f"{address}@live", "cpu", 512)
    version = registry.add(models[0])
    registry.promote()
    for name in (address, f"{address}@live", f"{address}@{version.hash[:5]}"):
        info = load("sentiment", name, "cpu", 512).info
        assert (info.name, info.hash) == (f"registry@{version.hash}", version.hash)


def test_a_registry_elsewhere_is_copied_once(
    elsewhere: Registry, models: tuple[Path, Path], tmp_path: Path
) -> None:
    version = elsewhere.add(models[0])
    elsewhere.promote()
    folder, name = fetch(live(elsewhere))
    assert folder == tmp_path / "cache" / "shopstreams" / "registry" / version.hash
    assert name == f"registry@{version.hash}"
    assert content_hash(folder) == version.hash
    elsewhere.store.write(f"versions/{version.hash}/config.json", {})  # a second copy would be bad
    assert fetch(live(elsewhere))[0] == folder
    assert content_hash(folder) == version.hash


def test_a_damaged_copy_of_a_registry_elsewhere_is_made_anew(
    elsewhere: Registry, models: tuple[Path, Path]
) -> None:
    version = elsewhere.add(models[0])
    elsewhere.promote()
    folder, _ = fetch(live(elsewhere))
    edit_config(folder, {"temperature": 3.0})
    assert content_hash(fetch(live(elsewhere))[0]) == version.hash


@pytest.mark.parametrize("damaged", ["config.json", "stray.json"])
@pytest.mark.parametrize("place", ["registry", "elsewhere"])
def test_a_damaged_version_is_whole_once_its_model_is_added_again(
    place: str, damaged: str, models: tuple[Path, Path], request: pytest.FixtureRequest
) -> None:
    registry: Registry = request.getfixturevalue(place)
    version = registry.add(models[0])
    registry.promote()
    registry.store.write(f"versions/{version.hash}/{damaged}", {})
    with pytest.raises(ModelError, match="add the model again"):
        fetch(live(registry))
    assert registry.add(models[0]) == version
    assert content_hash(fetch(live(registry))[0]) == version.hash
    assert registry.aliases() == {Alias.LIVE: version.hash}


def test_who_reads_a_version_keeps_its_files_while_they_are_put_again(
    registry: Registry, models: tuple[Path, Path]
) -> None:
    version = registry.add(models[0])
    folder = registry.store.local(f"versions/{version.hash}")
    assert folder is not None
    with (folder / "model.safetensors").open("rb") as read:
        registry.add(models[0])
        assert read.read() == (models[0] / "model.safetensors").read_bytes()
        assert os.fstat(read.fileno()).st_nlink == 0  # the file that is there now is another


def test_a_version_without_its_files_is_damaged(
    registry: Registry, models: tuple[Path, Path]
) -> None:
    registry.add(models[0])
    registry.promote()
    shutil.rmtree(fetch(live(registry))[0])
    with pytest.raises(ModelError, match="is damaged"):
        fetch(live(registry))


def test_of_many_writers_none_undoes_what_another_did(
    registry: Registry, models: tuple[Path, Path]
) -> None:
    first, second = (registry.add(model) for model in models)
    registry.promote(first.hash)
    registry.promote(second.hash)

    def roll_back(_: int) -> None:
        Registry(registry.store.address).rollback()

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(roll_back, range(41)))
    assert registry.aliases() == {Alias.LIVE: first.hash, Alias.PREVIOUS: second.hash}


def test_elsewhere_a_writer_notices_another(
    elsewhere: Registry, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (elsewhere.add(model) for model in models)
    other = Registry(elsewhere.store.address)

    def found_late(name: str) -> Version:
        monkeypatch.undo()
        other.promote(second.hash)
        return other.find(name)

    monkeypatch.setattr(elsewhere, "find", found_late)
    with pytest.raises(RegistryError, match="changed meanwhile"):
        elsewhere.promote(first.hash)
    assert elsewhere.aliases() == {Alias.LIVE: second.hash}


@pytest.mark.parametrize("wrong", ["../../x", "f" * 16, 7, None])
def test_a_record_of_another_hash_is_refused(
    elsewhere: Registry, models: tuple[Path, Path], tmp_path: Path, wrong: object
) -> None:
    version = elsewhere.add(models[0])
    elsewhere.promote()
    elsewhere.store.write(f"records/{version.hash}.json", {**version.to_json(), "hash": wrong})
    elsewhere.store.put(models[0] / "config.json", "versions/../../x/config.json")
    with pytest.raises(ModelError, match="is no record of a version"):
        fetch(live(elsewhere))
    with pytest.raises(RegistryError, match="is no record of a version"):
        elsewhere.versions()
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_a_record_under_another_name_is_refused(
    registry: Registry, models: tuple[Path, Path]
) -> None:
    version = registry.add(models[0])
    registry.store.write("records/elsewhere.json", {**version.to_json(), "hash": "elsewhere"})
    registry.store.write("records/aaaa.json", {"hash": "aaaa"})
    for name in ("elsewhere", "aaaa"):
        with pytest.raises(RegistryError, match="16 hex digits"):
            registry.find(name)


def test_figures_depend_on_no_choice_by_time(
    registry: Registry, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(*_: object) -> Choice:
        raise AssertionError("what a model computes with was chosen by time")

    monkeypatch.setattr(planning, "choose", choose)
    assert registry.add(models[0]).n == 20
    file = registry.store.local(ABOUT.evaluation)
    assert file is not None
    request = EvaluationRequest(slot="sentiment", model="bundled", file=file)
    assert standing(request, models[0]).bytes > 0


def test_a_damaged_version_is_not_loaded(registry: Registry, models: tuple[Path, Path]) -> None:
    registry.add(models[0])
    registry.promote()
    folder, _ = fetch(live(registry))
    edit_config(folder, {"temperature": 3.0})
    with pytest.raises(ModelError, match="is damaged"):
        fetch(live(registry))


@pytest.mark.parametrize(
    ("source", "place", "version"),
    [
        ("registry:models/shop@live", "models/shop", "live"),
        ("registry:/models/shop", "/models/shop", None),
        ("registry:sftp://me@host/shop", "sftp://me@host/shop", None),
        ("registry:sftp://me@host/shop@live", "sftp://me@host/shop", "live"),
    ],
)
def test_what_a_source_names(source: str, place: str, version: str | None) -> None:
    assert Named.of(source) == Named(place=place, version=version)
    assert str(Named.of(source)) == source
    assert Named.of(place) is None


@pytest.mark.parametrize("name", ["candidate", "abcdef", "ab"])
def test_a_version_that_is_not_there(registry: Registry, name: str) -> None:
    with pytest.raises(RegistryError, match="no version"):
        registry.find(name)


def test_no_registry_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="shopstreams registry create"):
        Registry(str(tmp_path))
    with pytest.raises(RegistryError, match="cannot be reached"):
        Registry("nosuchscheme://x")
    make(tmp_path, str(tmp_path / "registry"))
    with pytest.raises(RegistryError, match="already"):
        make(tmp_path, str(tmp_path / "registry"))


def test_attributes_are_moderations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from streams.cli.app import app

    make(tmp_path, str(tmp_path / "other"))
    for slot, code in (("sentiment", 1), ("moderation", 0)):
        place = tmp_path / slot
        told = f"registry create {place} {slot} --evaluation {tmp_path / 'held-out.jsonl'}"
        assert run_command(app, [*told.split(), "--attributes", "insult, spam"]) == code
        assert place.exists() is (code == 0)
    assert "only moderation takes --attributes" in capsys.readouterr().err
    assert Registry(str(tmp_path / "moderation")).about.attributes == ("insult", "spam")


def test_a_sentence_encoder_is_refused(
    registry: Registry, models: tuple[Path, Path], tmp_path: Path
) -> None:
    """Its folder has others in it, which would not be copied."""
    folder = Path(shutil.copytree(models[0], tmp_path / "encoder"))
    write_layout(folder, 32, 48)
    with pytest.raises(ModelError, match="gives vectors, and sentiment needs probabilities"):
        registry.add(folder)
    assert not registry.versions()


def test_the_commands(
    tmp_path: Path,
    registry: Registry,
    models: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    from streams.cli.app import app

    address = registry.store.address
    assert run_command(app, ["registry", "add", address, str(models[0])]) == 0
    assert run_command(app, ["registry", "promote", address]) == 0
    assert run_command(app, ["registry", "list", address, "--json"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown[shown.index("{") :])["aliases"]["live"] == content_hash(models[0])
    assert run_command(app, ["registry", "promote", address]) == 1
    assert "no version" in capsys.readouterr().err
