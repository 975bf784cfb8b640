"""The shape of the code: imports go one way, modules and functions stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True)
class Shape:
    """What is asked of a module: read once, and the tree let go."""

    lines: int
    imported: frozenset[str]  # the first names, from wherever in it
    loads_torch: bool  # as soon as it is imported itself
    longest: tuple[int, str]  # of its functions: lines and name


@cache
def shape(path: Path) -> Shape:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    functions = (one for one in nodes if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return Shape(
        lines=len(text.splitlines()),
        imported=frozenset(name for node in nodes for name in named(node)),
        loads_torch=any("torch" in ast.unparse(node) for node in tree.body if is_import(node)),
        longest=max(((lines_of(one), one.name) for one in functions), default=(0, "")),
    )


def is_import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module.split(".")[0]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_go_one_way(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in shape(path).imported & FORBIDDEN[package]
    }
    assert not wrong


def test_nothing_is_pickled() -> None:
    names = {"pickle", "cloudpickle", "dill", "joblib", "marshal"}
    assert not [path for path in MODULES if names & shape(path).imported]


def test_torch_stays_where_models_are_loaded_or_trained() -> None:
    allowed = {"models", "training"}
    wrong = [
        path
        for path in (ROOT / "inference").rglob("*.py")
        if not allowed.intersection(path.parts) and shape(path).loads_torch
    ]
    assert not wrong


def test_modules_stay_small() -> None:
    sizes = {str(path): shape(path).lines for path in MODULES}
    assert not {path: size for path, size in sizes.items() if size > LONGEST_MODULE}


def test_functions_stay_small() -> None:
    longest = {str(path.relative_to(ROOT)): shape(path).longest for path in MODULES}
    assert not {path: one for path, one in longest.items() if one[0] > LONGEST_FUNCTION}
