"""`function-backend rules convert`: tables of spreadsheets and of other engines, and back to spreadsheets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from function.rules.v1.definition_pb2 import Definition
from function_backend_cli.names import nearest
from function_backend_cli.output import REFUSED, USAGE, Output
from function_backend_cli.rules.problem_display import show_problems
from function_backend_rules.definitions import load_library, write_json, write_yaml
from function_backend_rules.interchange.dmn import import_dmn
from function_backend_rules.interchange.gorules import import_gorules
from function_backend_rules.interchange.imported import (
    ImportedTable,
    ImportRefusedError,
    Loss,
    definition_name,
)
from function_backend_rules.interchange.table_csv import CsvRefusedError, read_csv, write_csv

_DEFINITIONS = {".yaml", ".yml"}


def convert(
    file: Annotated[
        Path,
        typer.Argument(help="A table as CSV, a DMN file (.dmn, .xml), a GoRules JDM file (.json), or a definition."),
    ],
    written_as: Annotated[str, typer.Option("--to", help="yaml, json, or csv for a table.")] = "yaml",
    name: Annotated[str, typer.Option("--name", help="Only the table of this name.")] = "",
) -> None:
    """Print the decision tables of a file as definitions, or a table as CSV.

    What was not understood is listed on standard error and stands behind ?? in the definition, which is refused until
    somebody has written it. The exit status is 1 when there is such a thing, 2 when the file cannot be used at all.
    """
    output = Output()
    try:
        tables = [each for each in _tables(output, file) if name in {"", each.definition.name}]
        if not tables:
            raise ValueError(f"there is no table {name!r} in {file}" if name else f"there is no table in {file}")
        sys.stdout.write(_text([each.definition for each in tables], written_as))
    except (OSError, ValueError) as error:
        output.warn(f"{file}: {error}")
        raise typer.Exit(USAGE) from None
    for table in tables:
        for assumption in table.assumptions:
            output.errors.print(f"[yellow]assumed[/] {escape(f'{table.definition.name}: {assumption}')}")
        for loss in table.losses:
            output.errors.print(f"[red]not understood[/] {escape(f'{table.definition.name}: {loss}')}")
    if any(not table.complete for table in tables):
        raise typer.Exit(REFUSED)


def _tables(output: Output, file: Path) -> list[ImportedTable]:
    suffix = file.suffix.lower()
    if suffix in _DEFINITIONS or file.name.endswith(".rules.json"):
        library = load_library([file])
        show_problems(output, library.problems)
        if library.problems:
            raise typer.Exit(REFUSED)
        return [ImportedTable("", each.definition, (), ()) for each in library.documents.values()]
    read = _READERS.get(suffix)
    if read is None:
        raise ValueError(f"is none of {', '.join(sorted({*_READERS, *_DEFINITIONS}))}")
    try:
        return read(file)
    except ImportRefusedError as error:
        raise ValueError(str(error)) from error


def _of_csv(file: Path) -> list[ImportedTable]:
    try:
        read = read_csv(file.read_text(encoding="utf-8"))
    except CsvRefusedError as error:
        raise ValueError(f"is no table:\n{error}") from error
    definition = Definition(name=definition_name(file.stem), table=read.table)
    losses = []
    for column in read.table.input_columns:
        declared = read.input_types.get(column.name, "")
        if column.expression:
            losses.append(Loss(f"input {column.name}", "declare the inputs of its expression", column.expression))
        elif not declared:
            losses.append(Loss(f"input {column.name}", "its type is not said in the header, as in `input amount: int`"))
        else:
            definition.inputs.add(name=column.name, type=declared)
    return [ImportedTable("", definition, tuple(losses), ())]


_READERS: Mapping[str, Callable[[Path], list[ImportedTable]]] = {
    ".csv": _of_csv,
    ".dmn": lambda file: import_dmn(file.read_bytes()),
    ".xml": lambda file: import_dmn(file.read_bytes()),
    ".json": lambda file: import_gorules(file.read_bytes()),
}


def _text(definitions: list[Definition], written_as: str) -> str:
    if written_as == "yaml":
        return write_yaml(definitions)
    if written_as not in {"json", "csv"}:
        raise ValueError(f"{written_as!r} is no format{nearest(written_as, ('yaml', 'json', 'csv'))}")
    if len(definitions) != 1:
        names = ", ".join(each.name for each in definitions)
        raise ValueError(f"say with --name which of {names}: {written_as} holds one")
    [definition] = definitions
    if written_as == "json":
        return write_json(definition)
    if not definition.HasField("table"):
        raise ValueError(f"{definition.name} is no table")
    return write_csv(definition.table, {each.name: each.type for each in definition.inputs})
