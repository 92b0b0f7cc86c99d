"""What the variables of a template stand for, on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf import struct_pb2

from function_backend_cli.rules.inputs import struct_of_inputs

VariablesFile = Annotated[
    Path | None,
    typer.Option("--vars", metavar="FILE", help="All variables, as YAML or JSON; - reads them.", show_default=False),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        "-v",
        metavar="NAME=VALUE",
        help='One variable: a number, true, "text", [1, 2], {a: 1}, or @FILE.',
        show_default=False,
    ),
]


def variables_of(file: Path | None, given: Sequence[str]) -> struct_pb2.Struct:
    """The variables by name; those given one by one replace those of the file.

    Raises:
        ValueError: they cannot be read.
    """
    return struct_of_inputs(file, given)
