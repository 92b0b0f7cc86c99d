"""How resources, subjects and relationships are written: `document:42#viewer@group:eng#member`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/|=+@~-]{0,255}")
ID_RULE = "1 to 256 of A-Z a-z 0-9 _ . : / | = + @ ~ -, the first a letter, digit or _"
EVERYBODY = "*"

_RESOURCE = re.compile(rf"({NAME.pattern}):({ID.pattern})")
_SUBJECT = re.compile(rf"({NAME.pattern}):(?:({ID.pattern})(?:#({NAME.pattern}))?|(\*))")


class Resource(NamedTuple):
    """An object of a type."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


class Subject(NamedTuple):
    """An object, the members of a set, or all objects of a type (the id `*`)."""

    type: str
    id: str
    relation: str = ""

    def __str__(self) -> str:
        return f"{self.type}:{self.id}#{self.relation}" if self.relation else f"{self.type}:{self.id}"


class Tuple(NamedTuple):
    """One relationship, as it is stored."""

    resource_type: str
    resource_id: str
    relation: str
    subject_type: str
    subject_id: str
    subject_relation: str

    def __str__(self) -> str:
        subject = Subject(self.subject_type, self.subject_id, self.subject_relation)
        return f"{self.resource_type}:{self.resource_id}#{self.relation}@{subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A relationship with what is known about its writing."""

    key: Tuple
    expires_at: datetime | None = None
    created_at: datetime
    writer: str
    reason: str = ""


def find_resource(text: str) -> Resource | None:
    """The resource that the text says; None when it says none."""
    found = _RESOURCE.fullmatch(text)
    return None if found is None else Resource(found[1], found[2])


def find_subject(text: str) -> Subject | None:
    """The subject that the text says; None when it says none."""
    found = _SUBJECT.fullmatch(text)
    return None if found is None else Subject(found[1], found[2] or EVERYBODY, found[3] or "")


def read_tuple(text: str) -> Tuple:
    """The relationship that the text says; ValueError when it says none."""
    resource, _, rest = text.partition("#")
    relation, _, subject = rest.partition("@")
    object_, who = find_resource(resource), find_subject(subject)
    if object_ is None or who is None or NAME.fullmatch(relation) is None:
        raise ValueError(f"not a relationship: {text[:100]!a}")
    return Tuple(*object_, relation, *who)
