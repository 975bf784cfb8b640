"""Versions of a model: measured on one file, promoted if not worse, loaded by address."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from inference.errors import ModelError, RegistryError
from inference.models.loading import content_hash, load
from inference.registry.address import fetch
from inference.registry.named import Named
from inference.registry.records import About, Alias, Version
from inference.registry.registry import Registry
from streams.cli.failures import run_command
from tests.unit.tiny_bert import edit_config, make_tiny_bert

ABOUT = About(slot="sentiment", evaluation="evaluation/held-out.jsonl")
ELSEWHERE = Named(place="memory://shop/registry", version="live")


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
    tmp_path: Path, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    registry = make(tmp_path, "memory://shop/registry")
    version = registry.add(models[0])
    registry.promote()
    folder, name = fetch(ELSEWHERE)
    assert folder == tmp_path / "cache" / "shopstreams" / "registry" / version.hash
    assert name == f"registry@{version.hash}"
    assert content_hash(folder) == version.hash
    assert fetch(ELSEWHERE)[0] == folder


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
