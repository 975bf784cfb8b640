"""The shape of the code: imports go one way, modules and functions stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("schemas", "inference", "streams", "tests")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
KAFKA = {"faust", "mode", "aiokafka", "confluent_kafka"}
FORBIDDEN = {
    "schemas": {"inference", "streams", "torch", "transformers", *KAFKA},
    "inference": {"streams", *KAFKA},
    "streams": {"torch", "transformers"},
}
LONGEST_MODULE = 500
LONGEST_FUNCTION = 50


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_go_one_way(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path)
        if name in FORBIDDEN[package]
    }
    assert not wrong


def test_nothing_is_pickled() -> None:
    names = {"pickle", "cloudpickle", "dill", "joblib", "marshal"}
    assert not [path for path in MODULES if names.intersection(imported(path))]


def test_torch_stays_where_models_are_loaded_or_trained() -> None:
    allowed = {"models", "training"}
    wrong = [
        path
        for path in (ROOT / "inference").rglob("*.py")
        if not allowed.intersection(path.parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and "torch" in ast.unparse(node)
    ]
    assert not wrong


def test_modules_stay_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert not {str(path): size for path, size in sizes.items() if size > LONGEST_MODULE}


def test_functions_stay_small() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long
