"""One file of definitions: its documents, and from what is wrong with them to the place in the file."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from function.rules.v1 import definition_pb2
from function_backend_rules.definitions.csv_places import CsvPlaces, field_place
from function_backend_rules.definitions.json_text import read_json
from function_backend_rules.definitions.nodes import MAX_NODES, MAX_SIZE, Node, Scalar, TextRefusedError
from function_backend_rules.definitions.places import node_at, place_in
from function_backend_rules.definitions.problems import FileProblem, excerpt
from function_backend_rules.definitions.reading import MAX_PROBLEMS, DefinitionReader
from function_backend_rules.definitions.yaml_text import read_yaml
from function_backend_rules.interchange.table_csv import CsvRefusedError, read_csv
from function_backend_rules.problems import Problem


@dataclass(frozen=True, slots=True)
class CsvFile:
    """The CSV file that holds the columns and rows of a table."""

    file: str
    places: CsvPlaces


@dataclass(frozen=True, slots=True)
class Document:
    """A definition as it stands in a file."""

    definition: definition_pb2.Definition
    file: str
    text: str = field(repr=False)
    node: Node = field(repr=False)
    csv: CsvFile | None = field(default=None, repr=False)

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.node.place.line

    def locate(self, problem: Problem, *, warning: bool = False) -> FileProblem:
        """The problem of the definition with its place in the file."""
        node, found = node_at(self.node, problem.path)
        if self.csv is not None and not found and problem.path.startswith("table"):
            places = self.csv.places
            line, column = places.place(problem.path, problem.line, problem.column)
            return self._made(problem, self.csv.file, line, column, excerpt(places.text, line, column), warning=warning)
        place, exact = place_in(node, self.text, problem.line if found else 0, problem.column)
        # A text with escapes is not in the file as the expression is; its own line shows more then.
        shown = excerpt(self.text, place.line, place.column) if exact or not problem.excerpt else problem.excerpt
        return self._made(problem, self.file, place.line, place.column, shown, warning=warning)

    def _made(self, problem: Problem, file: str, line: int, column: int, shown: str, *, warning: bool) -> FileProblem:
        return FileProblem(
            file,
            line,
            column,
            problem.path,
            problem.message,
            problem.suggestion,
            shown,
            problem.subject,
            self.definition.name,
            warning,
        )


@dataclass(frozen=True, slots=True)
class FileContents:
    """The definitions of a file."""

    documents: tuple[Document, ...] = ()
    """Those that could be read."""
    problems: tuple[FileProblem, ...] = ()
    """Why the file, or others of its definitions, could not."""
    refused: tuple[str, ...] = ()
    """The names of those, where they have any."""


def read_text(
    text: str, file: str, folder: Path | None = None, *, json: bool = False, most: int = MAX_NODES
) -> FileContents:
    """The definitions of a text in YAML or JSON.

    Args:
        text: the text.
        file: what it is called in problems.
        folder: where the CSV files that it names are; they are refused when None.
        json: whether it is JSON, which is stricter than YAML and has texts of its own for what YAML cannot hold.
        most: how many values it may hold; reading one takes about 10 µs.
    """
    if len(text) > MAX_SIZE:
        return _refused(FileProblem(file, 0, 0, "", f"the file has more than {MAX_SIZE // 2**20} MiB"))
    try:
        nodes = read_json(text, most) if json else read_yaml(text.removeprefix("\ufeff"), most)
    except TextRefusedError as error:
        shown = excerpt(text, error.place.line, error.place.column)
        place = error.place
        return _refused(FileProblem(file, place.line, place.column, "", error.message, error.suggestion, shown))
    if not nodes:
        return _refused(FileProblem(file, 0, 0, "", "there is no definition in the file", "it begins with `name: …`"))
    documents: list[Document] = []
    problems: list[FileProblem] = []
    refused: list[str] = []
    for node in nodes:
        document, found = _Reading(text, file, folder).document(node)
        problems.extend(found)
        if not found:
            documents.append(document)
        elif document.definition.name:
            refused.append(document.definition.name)
    return FileContents(tuple(documents), tuple(problems), tuple(refused))


def _refused(problem: FileProblem) -> FileContents:
    return FileContents(problems=(problem,))


def read_file(path: Path, name: str | None = None) -> FileContents:
    """As `read_text`, for a file; `.json` says that it is JSON."""
    file = name if name is not None else str(path)
    text, problem = _contents(path, file)
    if problem is not None:
        return _refused(problem)
    return read_text(text, file, path.parent, json=path.suffix.lower() == ".json")


def _contents(path: Path, file: str) -> tuple[str, FileProblem | None]:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SIZE + 1)
    except OSError as error:
        return "", FileProblem(file, 0, 0, "", f"the file cannot be read: {error.strerror or error}")
    if len(content) > MAX_SIZE:
        return "", FileProblem(file, 0, 0, "", f"the file has more than {MAX_SIZE // 2**20} MiB")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode(), None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        return "", FileProblem(file, line, column, "", "the file is not UTF-8", "save it as UTF-8")


class _Reading:
    """Reads one document, and takes what its fields and its CSV file have against it."""

    def __init__(self, text: str, file: str, folder: Path | None) -> None:
        self._text = text
        self._file = file
        self._folder = folder
        self._problems: list[FileProblem] = []
        self._csv: CsvFile | None = None

    def document(self, node: Node) -> tuple[Document, list[FileProblem]]:
        definition = DefinitionReader(self._refuse, self._table).read(node)
        if len(self._problems) > MAX_PROBLEMS:
            more = len(self._problems) - MAX_PROBLEMS
            rest = FileProblem(self._file, node.place.line, node.place.column, "", f"{more} more problems")
            self._problems[MAX_PROBLEMS:] = [rest]
        return Document(definition, self._file, self._text, node, self._csv), self._problems

    def _refuse(self, node: Node, path: str, message: str, suggestion: str | None) -> None:
        line, column = node.place.line, node.place.column
        shown = excerpt(self._text, line, column) if len(self._problems) <= MAX_PROBLEMS else ""
        self._problems.append(FileProblem(self._file, line, column, path, message, suggestion, shown))

    def _table(self, node: Scalar) -> definition_pb2.DecisionTable | None:
        path = "table.csv"
        if self._folder is None:
            self._refuse(node, path, "there is no folder here to look for the file in", "write the rows out")
            return None
        target = self._folder / node.text
        # A definition from somebody else names its own files, not those of whoever runs it.
        if not target.resolve().is_relative_to(self._folder.resolve()):
            message = f"{node.text!r} is not in the folder of {self._file}"
            self._refuse(node, path, message, "put it beside the file, and name it from there")
            return None
        name = str(Path(self._file).parent / node.text)
        text, problem = _contents(target, name)
        if problem is not None:
            self._refuse(node, path, f"{node.text}: {problem.message}", problem.suggestion)
            return None
        try:
            read = read_csv(text)
        except CsvRefusedError as error:
            for each in error.problems:
                line, column = field_place(text, each.line, each.column)
                shown = excerpt(text, line, column)
                self._problems.append(FileProblem(name, line, column, path, each.message, each.suggestion, shown))
            return None
        self._csv = CsvFile(name, CsvPlaces(text))
        return read.table
