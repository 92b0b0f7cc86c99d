"""Definitions as texts in YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import protovalidate
import yaml
from google.protobuf.json_format import ParseDict, ParseError
from protovalidate import FieldPathElementPb

from function.rules.v1 import definition_pb2
from function_backend.services.rules.convert.definition import plain
from function_backend.services.rules.domain.problem import DefinitionProblem
from function_backend.services.rules.errors import DefinitionInvalidError

_WIDTH = 100
_VALIDATOR = protovalidate.Validator()


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as blocks, as people would."""


class _Reader(yaml.SafeLoader):
    """Reads no aliases: a short text could otherwise grow to any size."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401  as in PyYAML
        """As in PyYAML, without aliases."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not read; write the part out", mark)
        return super().compose_node(parent, index)


def _text(writer: yaml.SafeDumper, value: str) -> yaml.Node:
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Writer.add_representer(str, _text)


def written(body: bytes, *, as_json: bool) -> str:
    """The stored definition as a text."""
    if as_json:
        return json.dumps(plain(body), indent=2, ensure_ascii=False) + "\n"
    found: str = yaml.dump(plain(body), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return found


def read(text: str, *, as_json: bool) -> definition_pb2.Definition:
    """The definition that the text says; DefinitionInvalidError with line and column when it says none."""
    found = _json(text) if as_json else _yaml(text)
    if not isinstance(found, dict):
        raise DefinitionInvalidError([DefinitionProblem(path="text", message="is no mapping of names to values")])
    if any("\x00" in each for each in _texts(found)):
        raise DefinitionInvalidError([DefinitionProblem(path="text", message="must not contain U+0000")])
    try:
        definition = ParseDict(found, definition_pb2.Definition())
    except ParseError as error:
        raise DefinitionInvalidError([DefinitionProblem(path="text", message=str(error))]) from error
    problems = list(_violations(definition))
    if problems:
        raise DefinitionInvalidError(problems)
    return definition


def _violations(definition: definition_pb2.Definition) -> Iterator[DefinitionProblem]:
    """What rules of the contract the definition breaks; one that comes as a message was checked before."""
    for violation in _VALIDATOR.collect_violations(definition):
        proto = violation.proto
        path = "".join(map(_step, proto.field.elements if proto.field is not None else ()))
        yield DefinitionProblem(path=path.lstrip("."), message=proto.message or proto.rule_id)


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


def _json(text: str) -> Any:  # noqa: ANN401  any JSON
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(error.msg, text, error.lineno, error.colno) from error
    except RecursionError:
        raise _broken("is nested too deeply", text, 1, 1) from None


def _yaml(text: str) -> Any:  # noqa: ANN401  any YAML
    try:
        return yaml.load(text, Loader=_Reader)  # noqa: S506  a safe loader of ours
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise _broken(error.problem or "cannot be read", text, line, column) from error
    except yaml.YAMLError as error:
        raise _broken("holds a character that YAML does not allow", text, 1, 1) from error
    except RecursionError:
        raise _broken("is nested too deeply", text, 1, 1) from None


def _broken(message: str, text: str, line: int, column: int) -> DefinitionInvalidError:
    lines = text.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    return DefinitionInvalidError(
        [
            DefinitionProblem(
                path="text",
                message=message,
                line=line,
                column=column,
                excerpt=f"  | {shown}\n  | {' ' * (column - 1)}^",
            )
        ]
    )
