"""Print the largest files and functions: not a limit, a hint at what wants to be two.

A file beyond 250 lines or a function beyond 25 usually has a second subject; ARCHITECTURE.md says how they split.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("server", "clients/python", "engine", "tools", "tests", "bench")
SHOWN = 10


def main() -> None:
    """Print both lists, largest first."""
    files = {path: (ROOT / path).read_text() for path in _modules()}
    _print("Largest files", ((text.count("\n"), str(path)) for path, text in files.items()))
    _print("Largest functions", (size for path, text in files.items() for size in _functions(path, text)))


def _modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            yield path.relative_to(ROOT)


def _functions(path: Path, text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.end_lineno - node.lineno + 1, f"{path}:{node.lineno} {node.name}"


def _print(title: str, sizes: Iterator[tuple[int, str]]) -> None:
    print(title)
    for lines, name in sorted(sizes, reverse=True)[:SHOWN]:
        print(f"{lines:6} {name}")


if __name__ == "__main__":
    main()
