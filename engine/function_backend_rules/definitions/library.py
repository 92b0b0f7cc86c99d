"""Files and folders of definitions that call each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pool import DescriptorPool

from function_backend_rules.cel.functions import FunctionRegistry
from function_backend_rules.decisions import Compiled, DefinitionRefusedError, Limits, compile_definition
from function_backend_rules.definitions.documents import Document, read_file
from function_backend_rules.definitions.problems import FileProblem
from function_backend_rules.graphs.compilation import called_by
from function_backend_rules.ordering import CycleError, in_order
from function_backend_rules.problems import Problem

_SUFFIXES = (".yaml", ".yml", ".rules.json")
"""Which files of a folder hold definitions. JSON is used for much else, so its files say so."""


@dataclass(frozen=True, slots=True)
class CompiledLibrary:
    """What became of the definitions of a library."""

    compiled: Mapping[str, Compiled]
    """Those that are in order, by name, each behind all that it calls."""
    problems: tuple[FileProblem, ...]
    """Why the others are refused."""
    warnings: tuple[FileProblem, ...]
    """What the authors of those in order should know."""


@dataclass(frozen=True, slots=True)
class Library:
    """Definitions by name, as they stand in files."""

    documents: Mapping[str, Document]
    problems: tuple[FileProblem, ...]
    """What keeps files and definitions from being read."""
    files: tuple[str, ...]
    """The files that were looked at."""
    refused: frozenset[str] = frozenset()
    """The names of definitions that could not be read."""

    def compile(
        self,
        pool: DescriptorPool | None = None,
        functions: FunctionRegistry | None = None,
        limits: Limits | None = None,
    ) -> CompiledLibrary:
        """Compiles all definitions in the order of their calls; the arguments are those of `compile_definition`."""
        compiled: dict[str, Compiled] = {}
        problems: list[FileProblem] = []
        warnings: list[FileProblem] = []
        order, circles = self._order()
        for name in order:
            document = self.documents[name]
            against = circles.get(name) or self._missing(document, compiled)
            if against is None:
                try:
                    compiled[name] = compile_definition(document.definition, pool, compiled, functions, limits)
                except DefinitionRefusedError as error:
                    problems.extend(map(document.locate, error.problems))
                else:
                    warnings.extend(document.locate(each, warning=True) for each in compiled[name].warnings)
            else:
                problems.append(document.locate(against))
        return CompiledLibrary(compiled, tuple(problems), tuple(warnings))

    def order(self) -> list[str]:
        """The names of all definitions, each behind those that it calls; those of a circle in any order."""
        return self._order()[0]

    def _order(self) -> tuple[list[str], dict[str, Problem]]:
        """The names in the order of their calls, and what is wrong with those that call each other in a circle."""
        needs = {name: called_by(document.definition.graph) for name, document in self.documents.items()}
        circles: dict[str, Problem] = {}
        while True:
            try:
                return in_order(needs), circles
            except CycleError as error:
                for name, called in zip(error.cycle, error.cycle[1:], strict=False):
                    message = f"decisions call each other in a circle: {error}"
                    circles[name] = Problem(self._call(name, called), message)
                    needs[name] = []

    def _call(self, name: str, called: str) -> str:
        """The path of the call of another decision."""
        steps = self.documents[name].definition.graph.steps
        number = next(number for number, step in enumerate(steps) if step.call.decision == called)
        return f"graph.steps[{number}].call.decision"

    def _missing(self, document: Document, compiled: Mapping[str, Compiled]) -> Problem | None:
        """Why a definition cannot be looked at: one that it calls is refused."""
        name = document.definition.name
        for called in called_by(document.definition.graph):
            if called in self.refused or (called in self.documents and called not in compiled):
                return Problem(self._call(name, called), f"{called} is refused, so this cannot be checked yet")
        return None


def load_library(paths: Iterable[Path | str]) -> Library:
    """The definitions of files and folders.

    Of a folder and all below it, files named `*.yaml`, `*.yml` and `*.rules.json` are read, hidden ones left out; a
    file that is named itself may be called as it likes.
    """
    documents: dict[str, Document] = {}
    problems: list[FileProblem] = []
    files: list[str] = []
    refused: set[str] = set()
    for path in _files(paths, problems):
        files.append(str(path))
        contents = read_file(path)
        problems.extend(contents.problems)
        refused.update(contents.refused)
        for document in contents.documents:
            name = document.definition.name
            first = documents.get(name)
            if first is None:
                documents[name] = document
            else:
                message = f"there is another definition {name!r} in {first.file}, line {first.line}"
                problems.append(document.locate(Problem("name", message)))
    return Library(documents, tuple(problems), tuple(files), frozenset(refused - documents.keys()))


def _files(paths: Iterable[Path | str], problems: list[FileProblem]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(
                each for each in path.rglob("*") if _is_definition(each.relative_to(path)) and each.is_file()
            )
            if not found:
                message = f"there is no file in the folder that ends with {', '.join(_SUFFIXES)}"
                problems.append(FileProblem(str(path), 0, 0, "", message))
        else:
            found = [path]
        for each in found:
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield each


def _is_definition(path: Path) -> bool:
    return path.name.endswith(_SUFFIXES) and not any(part.startswith(".") for part in path.parts)
