"""Rules of the house that no linter knows. Each came from a way in which such code bases decay."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("server", "clients/python", "engine", "tools", "tests", "bench")
# Names that say nothing about what is inside, and so attract everything.
EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
# The unit of work alone ends transactions; a second place that commits is a second opinion on what belongs together.
MAY_COMMIT = ("server/function_backend/persistence/",)
_SECONDS = re.compile(r"(?<!\d)\d{10}(?!\d)")


def _modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT)


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def test_a_module_is_named_after_what_it_does() -> None:
    found = [str(path) for path in _modules(*FOLDERS) if EMPTY_NAMES & {path.stem, *path.parts[:-1]}]
    assert found == []


def test_only_the_persistence_layer_ends_transactions() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in _modules("server/function_backend")
        if not str(path).startswith(MAY_COMMIT)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert found == []


def _defines(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.parametrize("package", ["server", "clients/python", "engine"])
def test_a_package_file_defines_nothing(package: str) -> None:
    """It holds a docstring and at most names from elsewhere: what is defined there cannot be found by its name."""
    found = {str(path): _defines(_tree(path)) for path in _modules(package) if path.name == "__init__.py"}
    assert {path: names for path, names in found.items() if names} == {}


def test_tests_are_named_as_sentences() -> None:
    """Three words at least: what is done, and what comes of it."""
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path in _modules("tests")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") < 3
    ]
    assert found == []


def test_no_test_is_named_after_the_moment_of_its_collection(request: pytest.FixtureRequest) -> None:
    """Workers that collect at different moments would find different tests, and run none."""
    now, some_days = time.time(), 3 * 86_400
    named = [item.nodeid for item in request.session.items]
    assert not [name for name in named if any(abs(int(found) - now) < some_days for found in _SECONDS.findall(name))]
