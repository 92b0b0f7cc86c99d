"""Definitions as texts in YAML or JSON: those that the command line reads, too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from function.rules.v1 import definition_pb2
from function_backend.services.rules.domain.problem import DefinitionProblem
from function_backend.services.rules.errors import DefinitionInvalidError
from function_backend_rules.definitions.documents import read_text
from function_backend_rules.definitions.problems import FileProblem
from function_backend_rules.definitions.writing import plain, write_json, write_yaml

if TYPE_CHECKING:
    from protovalidate import FieldPathElementPb, Validator

_TEXT = "text"
_MOST = 300_000
"""Values of one text: a table of 20,000 rows of ten, in three seconds of a worker."""


def written(body: bytes, *, as_json: bool) -> str:
    """The stored definition as a text; DefinitionInvalidError for one that holds a number which JSON does not have."""
    definition = definition_pb2.Definition.FromString(body)
    try:
        return write_json(definition) if as_json else write_yaml([definition])
    except ValueError as error:
        raise _refused(f"'{definition.name}' has no text: {error}") from error


def read(text: str, *, as_json: bool) -> definition_pb2.Definition:
    """The definition that the text says; DefinitionInvalidError with line and column when it says none, or several."""
    found = read_text(text, _TEXT, json=as_json, most=_MOST)
    problems = list(map(_located, found.problems))
    if problems:
        raise DefinitionInvalidError(problems)
    if len(found.documents) > 1:
        raise _refused(f"holds {len(found.documents)} definitions; import them one by one")
    [document] = found.documents
    problems = list(_violations(document.definition))
    if problems:
        raise DefinitionInvalidError(problems)
    return document.definition


def _located(problem: FileProblem) -> DefinitionProblem:
    return DefinitionProblem(
        path=problem.path or _TEXT,
        message=f"{problem.subject}: {problem.message}" if problem.subject else problem.message,
        line=problem.line,
        column=problem.column,
        excerpt=problem.excerpt,
        suggestion=problem.suggestion or "",
    )


@cache
def _validator() -> Validator:
    import protovalidate  # noqa: PLC0415 - not of a start, which is mostly loading

    return protovalidate.Validator()


def _violations(definition: definition_pb2.Definition) -> Iterator[DefinitionProblem]:
    """What rules of the contract the definition breaks; one that comes as a message was checked before."""
    for violation in _validator().collect_violations(definition):
        proto = violation.proto
        path = "".join(map(_step, proto.field.elements if proto.field is not None else ()))
        yield DefinitionProblem(path=path.lstrip(".") or _TEXT, message=proto.message or proto.rule_id)
    if any("\x00" in each for each in _texts(plain(definition))):
        yield DefinitionProblem(path=_TEXT, message="must not contain the character U+0000")


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  any JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_texts(key), *_texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _step(element: FieldPathElementPb) -> str:
    subscript = element.subscript
    return f".{element.field_name}" + (f"[{subscript.value}]" if subscript is not None else "")


def _refused(message: str) -> DefinitionInvalidError:
    return DefinitionInvalidError([DefinitionProblem(path=_TEXT, message=message)])
