"""The inputs of a decision on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf import json_format, struct_pb2

from function_backend_rules.definitions.json_text import read_json
from function_backend_rules.definitions.nodes import MAX_SIZE, Node, Place, Scalar, TextRefusedError
from function_backend_rules.definitions.nodes import Sequence as ListNode
from function_backend_rules.definitions.scalars import ScalarRefusedError, struct_of, value_of
from function_backend_rules.definitions.yaml_text import read_yaml

InputsFile = Annotated[
    Path | None,
    typer.Option("--inputs", metavar="FILE", help="All inputs, as YAML or JSON; - reads them.", show_default=False),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=VALUE",
        help="One input: a number, true, text, [1, 2], {a: 1}, or @FILE.",
        show_default=False,
    ),
]


def read_inputs(file: Path | None, given: Sequence[str]) -> dict[str, Any]:
    """The inputs by name in their JSON forms; those given one by one replace those of the file.

    Raises:
        ValueError: they cannot be read.
    """
    return json_format.MessageToDict(struct_of_inputs(file, given))


def struct_of_inputs(file: Path | None, given: Sequence[str]) -> struct_pb2.Struct:
    """As `read_inputs`, as the contract has them.

    Raises:
        ValueError: they cannot be read.
    """
    values = struct_pb2.Struct()
    if file is not None:
        values = _struct(file, _of_file(file))
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise ValueError(f"{text!r} is not NAME=VALUE")
        try:
            values.fields[name].CopyFrom(value_of(_of_text(value)))
        except (ScalarRefusedError, TextRefusedError) as error:
            raise ValueError(f"the input {name}: {error.message}") from None
    return values


def read_inputs_list(file: Path) -> list[struct_pb2.Struct]:
    """Many inputs, each for a decision of its own: a list, or documents behind each other.

    Raises:
        ValueError: they cannot be read.
    """
    nodes = _nodes(file)
    if len(nodes) == 1 and isinstance(nodes[0], ListNode):
        nodes = list(nodes[0].items)
    return [_struct(file, node) for node in nodes]


def _struct(file: Path, node: Node) -> struct_pb2.Struct:
    try:
        return struct_of(node)
    except ScalarRefusedError as error:
        line = error.node.place.line
        raise ValueError(f"{file}:{line}: {error.path.lstrip('.') or 'inputs'}: {error.message}") from None


def _of_text(text: str) -> Node:
    if text.startswith("@"):
        return _of_file(Path(text[1:]))
    if text.startswith(("[", "{", '"', "'")):
        nodes = read_yaml(text)
        if len(nodes) == 1:
            return nodes[0]
    return Scalar(text, Place(1, 1), plain=True)


def _of_file(file: Path) -> Node:
    nodes = _nodes(file)
    if len(nodes) != 1:
        raise ValueError(f"{file}: the inputs are one mapping of names to values, and there are {len(nodes)} documents")
    return nodes[0]


def _nodes(file: Path) -> list[Node]:
    try:
        text = sys.stdin.read(MAX_SIZE) if str(file) == "-" else file.read_text(encoding="utf-8")
        return read_json(text) if file.suffix == ".json" else read_yaml(text)
    except (OSError, UnicodeDecodeError, TextRefusedError) as error:
        raise ValueError(f"{file}: the inputs cannot be read: {error}") from error
