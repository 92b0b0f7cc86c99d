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
    values = struct_pb2.Struct()
    if file is not None:
        node = _of_file(file)
        try:
            values = struct_of(node)
        except ScalarRefusedError as error:
            raise ValueError(f"{file}: {error.path.lstrip('.') or 'inputs'}: {error.message}") from None
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise ValueError(f"{text!r} is not NAME=VALUE")
        try:
            values.fields[name].CopyFrom(value_of(_of_text(value)))
        except (ScalarRefusedError, TextRefusedError) as error:
            raise ValueError(f"the input {name}: {error.message}") from None
    return json_format.MessageToDict(values)


def _of_text(text: str) -> Node:
    if text.startswith("@"):
        return _of_file(Path(text[1:]))
    if text.startswith(("[", "{", '"', "'")):
        nodes = read_yaml(text)
        if len(nodes) == 1:
            return nodes[0]
    return Scalar(text, Place(1, 1), plain=True)


def _of_file(file: Path) -> Node:
    try:
        text = sys.stdin.read(MAX_SIZE) if str(file) == "-" else file.read_text(encoding="utf-8")
        nodes = read_json(text) if file.suffix == ".json" else read_yaml(text)
    except (OSError, UnicodeDecodeError, TextRefusedError) as error:
        raise ValueError(f"{file}: the inputs cannot be read: {error}") from error
    if len(nodes) != 1:
        raise ValueError(f"{file}: the inputs are one mapping of names to values, and there are {len(nodes)} documents")
    return nodes[0]
