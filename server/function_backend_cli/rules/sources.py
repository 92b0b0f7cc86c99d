"""The files that a command works on, read, checked and compiled."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import protovalidate
import typer
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError
from protovalidate import FieldPathElementPb

# Known to expressions because they are loaded: the default pool holds what was imported.
from function.company.v1 import company_pb2
from function_backend_cli.names import nearest
from function_backend_rules import Compiled, Problem
from function_backend_rules.definitions import Document, FileProblem, Library, load_library
from function_backend_rules.functions import load_plugins

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Files with definitions, and folders of such: *.yaml, *.yml, *.rules.json."),
]
Descriptors = Annotated[
    list[Path] | None,
    typer.Option(
        "--descriptors",
        metavar="FILE",
        help="Messages of your own as `buf build -o FILE` or `protoc --include_imports -o FILE` write them.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines, for other programs.")]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Definitions of files, and what was found about them."""

    library: Library
    compiled: Mapping[str, Compiled]
    """Those in order, by name, each behind all that it calls."""
    problems: Sequence[FileProblem]
    warnings: Sequence[FileProblem]

    def one(self, name: str) -> Compiled:
        """The definition of a name.

        Raises:
            ValueError: there is no such definition in order.
        """
        if name not in self.compiled:
            raise ValueError(f"there is no decision {name!r} in order{nearest(name, self.compiled)}")
        return self.compiled[name]


def load(paths: Iterable[Path], descriptors: Iterable[Path] | None) -> Loaded:
    """Reads and compiles the definitions of files and folders, and holds them against the contract.

    Raises:
        ValueError: a file of descriptors cannot be used.
    """
    pool = _pool(tuple(descriptors or ()))
    library = load_library(paths)
    made = library.compile(pool, load_plugins())
    against = [document.locate(each) for document in library.documents.values() for each in _violations(document)]
    known = {(problem.definition, problem.path) for problem in made.problems}
    more = [problem for problem in against if (problem.definition, problem.path) not in known]
    refused = {problem.definition for problem in more}
    compiled = {name: each for name, each in made.compiled.items() if name not in refused}
    problems = sorted([*library.problems, *made.problems, *more], key=lambda each: (each.file, each.line, each.column))
    return Loaded(library, compiled, problems, made.warnings)


def _pool(files: tuple[Path, ...]) -> descriptor_pool.DescriptorPool | None:
    """A pool of the platform's messages and those of the files; None where there are no files."""
    if not files:
        return None
    pool = descriptor_pool.DescriptorPool()
    known: set[str] = set()
    for file in _with_imports(company_pb2.DESCRIPTOR):
        _add(pool, file, known)
    for path in files:
        found = descriptor_pb2.FileDescriptorSet()
        try:
            found.ParseFromString(path.read_bytes())
            for file in found.file:
                _add(pool, file, known)
        except (OSError, DecodeError, TypeError, KeyError) as error:
            raise ValueError(f"{path}: is no set of descriptors with all imports: {error}") from error
    return pool


def _add(pool: descriptor_pool.DescriptorPool, file: descriptor_pb2.FileDescriptorProto, known: set[str]) -> None:
    if file.name not in known:
        known.add(file.name)
        pool.AddSerializedFile(file.SerializeToString())


def _with_imports(file: object) -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """A file of the default pool behind all that it imports."""
    for needed in file.dependencies:  # type: ignore[attr-defined]  # A FileDescriptor, of one of two classes.
        yield from _with_imports(needed)
    content = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(content)  # type: ignore[attr-defined]
    yield content


@functools.cache
def _validator() -> protovalidate.Validator:
    return protovalidate.Validator()


def _violations(document: Document) -> Iterator[Problem]:
    """What the service would say before it looks at the logic: names, lengths, numbers of things."""
    for violation in _validator().collect_violations(document.definition):
        proto = violation.proto
        path = "".join(map(_step, proto.field.elements if proto.field is not None else ())).lstrip(".")
        yield Problem(path, proto.message or f"breaks the rule {proto.rule_id}")


def _step(element: FieldPathElementPb) -> str:
    subscript = element.subscript
    return f".{element.field_name}" + (f"[{subscript.value!r}]" if subscript is not None else "")
