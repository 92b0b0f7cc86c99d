"""`--set field=value`: fields of a message by their names in the contract."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import typer
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from function.company.v1 import company_pb2
from function_backend_client import Company
from function_backend_client.display import enum_text

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def assign(company: Company, assignments: Iterable[str]) -> list[str]:
    """Sets fields given as `legal_name=…`, `legal_form.text=…`, `labels.tier=…`, `attributes.x=…`.

    Returns the paths for an update mask. An empty value clears the field.
    """
    paths = []
    for assignment in assignments:
        path, equals, value = assignment.partition("=")
        if not equals:
            raise typer.BadParameter(f"{assignment!r}: write FIELD=VALUE, such as legal_name='Example GmbH'")
        paths.append(_set(company, path.strip(), value))
    return list(dict.fromkeys(paths))


def enum_number(enum_field: FieldDescriptor, text: str) -> int:
    """The number of an enum value by its short name, such as `active`. Names the nearest one for a wrong one."""
    enum = enum_field.enum_type
    if enum is None:
        raise TypeError(enum_field.full_name)
    numbers = {enum_text(enum_field, value.number).lower(): value.number for value in enum.values}
    word = text.strip().lower().replace("-", "_")
    if word in numbers:
        return numbers[word]
    raise typer.BadParameter(f"{text!r} is not a {enum_field.name}{_nearest(word, list(numbers))}")


def _set(company: Company, path: str, value: str) -> str:
    head, _, rest = path.partition(".")
    field = _field(Company.DESCRIPTOR, head)
    if head == "labels" and rest:
        if value:
            company.labels[rest] = value
        return path
    if head == "attributes" and rest:
        company.attributes[rest] = value
        return head
    if field.is_repeated:
        raise typer.BadParameter(f"{head} is a list: give it as JSON with --file")
    if rest:
        inner = getattr(company, head)
        _set_scalar(inner, _field(inner.DESCRIPTOR, rest), value)
        return head
    _set_scalar(company, field, value)
    return head


def _set_scalar(message: object, field: FieldDescriptor, value: str) -> None:
    if field.message_type is not None:
        _set_message(message, field, value)
    elif field.enum_type is not None:
        setattr(message, field.name, enum_number(field, value) if value else 0)
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(message, field.name, value)
    else:
        raise typer.BadParameter(f"{field.name} cannot be set here: give it as JSON with --file")


def _set_message(message: object, field: FieldDescriptor, value: str) -> None:
    if field.message_type is None or field.message_type.full_name != "google.type.Date":
        inner = (
            [] if field.message_type is None else [f"{field.name}.{part.name}" for part in field.message_type.fields]
        )
        raise typer.BadParameter(f"{field.name} has parts: set {', '.join(inner)}, or give it as JSON with --file")
    date = getattr(message, field.name)
    match = _DATE.fullmatch(value)
    if value and match is None:
        raise typer.BadParameter(f"{value!r} is not a date such as 1999-12-31")
    if match is not None:
        date.year, date.month, date.day = (int(part or 0) for part in match.groups())


def _field(message: Descriptor, name: str) -> FieldDescriptor:
    field = message.fields_by_name.get(name)
    if field is None:
        known = [known.name for known in message.fields]
        raise typer.BadParameter(f"{message.name} has no field {name!r}{_nearest(name, known)}")
    return field


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def parse_company(text: str, where: str) -> Company:
    """A company as JSON, with the field names of the contract or their lowerCamelCase forms."""
    try:
        return json_format.Parse(text, company_pb2.Company())
    except json_format.ParseError as error:
        raise typer.BadParameter(f"{where}: is not a company as JSON: {error}") from error
