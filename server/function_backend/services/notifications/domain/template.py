"""Templates, and whether variables are those that they declare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

RESERVED = frozenset({"recipient_name", "language", "unsubscribe_url"})
"""Variables that every template has without declaring them."""
SPECIAL = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs", "true", "false", "none"})
"""Names that mean something else in a template."""
PARTS = ("subject", "text", "html", "short_text")


class VariableKind(StrEnum):
    """What a variable is."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"


_KINDS: Mapping[VariableKind, tuple[type, ...]] = {
    VariableKind.TEXT: (str,),
    VariableKind.NUMBER: (int, float),
    VariableKind.BOOLEAN: (bool,),
    VariableKind.LIST: (list, tuple),
    VariableKind.OBJECT: (dict,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVariable:
    """A variable that a template uses."""

    name: str
    kind: VariableKind = VariableKind.TEXT
    optional: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateContent:
    """The texts of a template."""

    subject: str
    text: str
    html: str = ""
    short_text: str = ""


class Rendered(NamedTuple):
    """What a template says with variables."""

    subject: str
    text: str
    html: str
    short_text: str


class TemplateProblem(NamedTuple):
    """Something about a template that cannot be accepted."""

    path: str
    """Where, such as `content.text`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBody:
    """What somebody writes of a template."""

    description: str
    category: str
    variables: tuple[TemplateVariable, ...]
    content: TemplateContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What notifications of a kind say in a language."""

    id: UUID | None
    """None for a built-in one."""
    name: str
    language: str
    body: TemplateBody
    version: int
    """From 1; 0 for a built-in one."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    author: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it is one of the service."""
        return self.id is None

    @property
    def etag(self) -> str:
        """Changes with every change."""
        if self.id is None:
            return ""
        return hashlib.blake2b(b"%b %d" % (self.id.bytes, self.version), digest_size=8).hexdigest()

    @property
    def digest(self) -> bytes:
        """SHA-256 of what it says."""
        return hashlib.sha256(repr(self.body).encode(errors="surrogatepass")).digest()

    def rewritten(self, body: TemplateBody, *, at: datetime, author: str) -> Template:
        """The next version; itself when nothing differs."""
        if body == self.body:
            return self
        return replace(self, body=body, version=self.version + 1, updated_at=at, author=author)


def declaration_problems(variables: Sequence[TemplateVariable]) -> list[TemplateProblem]:
    """What is wrong with the declared variables."""
    found, seen = [], set[str]()
    for place, variable in enumerate(variables):
        path = f"variables[{place}].name"
        if variable.name in RESERVED | SPECIAL:
            found.append(TemplateProblem(path, f"'{variable.name}' is reserved"))
        if variable.name in seen:
            found.append(TemplateProblem(path, f"'{variable.name}' is declared twice"))
        seen.add(variable.name)
    return found


def variable_problems(declared: Sequence[TemplateVariable], given: Mapping[str, Json]) -> list[TemplateProblem]:
    """What is wrong with the variables, each by its name."""
    known = {variable.name: variable for variable in declared}
    found = [
        TemplateProblem(f"variables.{name}", f"is not declared by the template; it has {', '.join(known) or 'none'}")
        for name in given
        if name not in known
    ]
    for name, variable in known.items():
        value = given.get(name)
        if value is None:
            if not variable.optional:
                found.append(TemplateProblem(f"variables.{name}", "is missing"))
        elif not _is_of(variable.kind, value):
            found.append(TemplateProblem(f"variables.{name}", f"must be of the kind {variable.kind.value}"))
    return found


def _is_of(kind: VariableKind, value: Json) -> bool:
    if isinstance(value, bool):
        return kind is VariableKind.BOOLEAN
    return isinstance(value, _KINDS[kind])
