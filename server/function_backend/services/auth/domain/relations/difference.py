"""What differs between two schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from function_backend.services.auth.domain.relations.canonical import canonical_text
from function_backend.services.auth.domain.relations.schema import Definition, Relation, Schema, SubjectType


class ChangeKind(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    kind: ChangeKind
    definition: str
    name: str
    """Of the relation or permission; empty for the definition as a whole."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Relationships that one schema allows and another does not."""

    resource_type: str
    relation: str
    subject: SubjectType


def differences(before: Schema | None, after: Schema) -> list[Change]:
    """What differs, in order of definition and name."""
    old = {} if before is None else before.types
    return [
        change
        for name in sorted(old.keys() | after.types.keys())
        for change in _of_definition(name, old.get(name), after.types.get(name))
    ]


def withdrawals(before: Schema, after: Schema) -> list[Withdrawn]:
    """What may no longer be written, and so must not be there."""
    return [
        Withdrawn(definition.name, relation.name, subject)
        for definition in before.definitions
        for relation in definition.relations.values()
        for subject in relation.subjects
        if not _allows(after, definition.name, relation.name, subject)
    ]


def _allows(schema: Schema, type_name: str, name: str, subject: SubjectType) -> bool:
    definition = schema.types.get(type_name)
    relation = None if definition is None else definition.relations.get(name)
    return relation is not None and subject in relation.subjects


def _of_definition(name: str, before: Definition | None, after: Definition | None) -> Iterator[Change]:
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        yield Change(kind, name, "", _whole(before), _whole(after))
        return
    old, new = _members(before), _members(after)
    for member in sorted(old.keys() | new.keys()):
        was, now = old.get(member, ""), new.get(member, "")
        if was != now:
            kind = ChangeKind.CHANGED if was and now else ChangeKind.ADDED if now else ChangeKind.REMOVED
            yield Change(kind, name, member, was, now)


def _whole(definition: Definition | None) -> str:
    return "" if definition is None else canonical_text(Schema((definition,))).rstrip("\n")


def _members(definition: Definition) -> dict[str, str]:
    return {
        each.name: str(Relation(each.name, tuple(sorted(each.subjects, key=str))))
        if isinstance(each, Relation)
        else str(each)
        for each in definition.members
    }
