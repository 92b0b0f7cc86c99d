"""What functions exist, for which types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from function_backend_rules.cel.types import Type, parse_type

_NAME = re.compile(r"[^\s()]+")


@dataclass(frozen=True, slots=True)
class Overload:
    """One set of types that a function takes."""

    id: str
    """Its text, such as `string.contains(string) -> bool`."""
    arguments: tuple[Type, ...]
    """The target first, for methods."""
    result: Type
    method: bool


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A function by its name, with all that it takes."""

    name: str
    overloads: tuple[Overload, ...]
    cost: int = 1
    """Steps of one call, besides what it charges by the size of its arguments."""


def parse_signature(text: str) -> tuple[str, Overload]:
    """Name and overload of a signature such as `string.contains(string) -> bool` or `size(list(A)) -> int`.

    Raises:
        ValueError: the text is not a signature.
    """
    head, arrow, result = text.rpartition(" -> ")
    if not arrow:
        raise ValueError(f"{text!r} is not a signature: it needs ' -> ' and a type")
    opening = _opening(head)
    name, inner = head[:opening], head[opening + 1 : -1]
    arguments = [parse_type(part) for part in _split(inner)]
    method = False
    if not _NAME.fullmatch(name.rpartition(").")[2]) or not head.endswith(")"):
        raise ValueError(f"{text!r} is not a signature such as `lei.isValid(string) -> bool`")
    if name.startswith("("):  # A method, written (type).name(…), since types have dots and parentheses.
        closing = _closing(name)
        arguments.insert(0, parse_type(name[1:closing]))
        name = name[closing + 2 :]
        method = True
    return name, Overload(text, tuple(arguments), parse_type(result), method)


def _opening(head: str) -> int:
    """Where the parenthesis opens that closes at the end."""
    depth = 0
    for index in range(len(head) - 1, -1, -1):
        depth += (head[index] == ")") - (head[index] == "(")
        if depth == 0:
            return index
    raise ValueError(f"{head!r} has no list of arguments")


def _closing(text: str) -> int:
    depth = 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return index
    raise ValueError(f"{text!r} has no closing parenthesis")


def _split(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for char in text:
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
            continue
        depth += (char == "(") - (char == ")")
        current += char
    if current.strip():
        parts.append(current)
    return [part.strip() for part in parts]


def declare(signatures: Iterable[str]) -> Mapping[str, FunctionDeclaration]:
    """The functions of these signatures, by name."""
    found: dict[str, list[Overload]] = {}
    for text in signatures:
        name, overload = parse_signature(text)
        found.setdefault(name, []).append(overload)
    return {name: FunctionDeclaration(name, tuple(overloads)) for name, overloads in found.items()}
