"""A relation schema as a value: types, their relations, their permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from function_backend.services.auth.domain.relations.problem import Place

NOWHERE = Place(1, 1)


@dataclass(frozen=True, slots=True)
class SubjectType:
    """What may stand in a relation: objects of a type, the members of a set of theirs, or all objects of the type."""

    type: str
    relation: str = ""
    """Of a set, such as `member` of `group#member`."""
    wildcard: bool = False
    place: Place = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        if self.wildcard:
            return f"{self.type}:*"
        return f"{self.type}#{self.relation}" if self.relation else self.type


@dataclass(frozen=True, slots=True)
class Relation:
    """What relationships may be written."""

    name: str
    subjects: tuple[SubjectType, ...]
    place: Place = field(default=NOWHERE, compare=False)

    def takes(self, subject_type: str, subject_relation: str, *, wildcard: bool) -> bool:
        """Whether such a subject may stand in it."""
        return SubjectType(subject_type, subject_relation, wildcard) in self.subjects

    def __str__(self) -> str:
        return f"relation {self.name}: {' | '.join(map(str, self.subjects))}"


class Operator(Enum):
    """How parts of an expression are put together; the later binds more loosely."""

    UNION = "+"
    INTERSECTION = "&"
    EXCLUSION = "-"


@dataclass(frozen=True, slots=True)
class Reference:
    """A relation or permission of the same object."""

    name: str
    place: Place = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Arrow:
    """A relation or permission of the objects that stand in a relation."""

    relation: str
    name: str
    place: Place = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.relation}->{self.name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """Several expressions as one; of an exclusion the first without any of the others."""

    operator: Operator
    parts: tuple[Expression, ...]
    depth: int

    def __str__(self) -> str:
        return f" {self.operator.value} ".join(
            f"({part})" if isinstance(part, Operation) else str(part) for part in self.parts
        )


Expression = Reference | Arrow | Operation


def depth_of(expression: Expression) -> int:
    """How deeply the expression is nested; 1 for a name."""
    return expression.depth if isinstance(expression, Operation) else 1


def names_in(expression: Expression) -> list[Reference | Arrow]:
    """Everything that the expression names, in the order of the text."""
    if not isinstance(expression, Operation):
        return [expression]
    return [found for part in expression.parts for found in names_in(part)]


@dataclass(frozen=True, slots=True)
class Permission:
    """What follows from relations."""

    name: str
    expression: Expression
    place: Place = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"permission {self.name} = {self.expression}"


@dataclass(frozen=True)
class Definition:
    """One type of objects."""

    name: str
    members: tuple[Relation | Permission, ...]
    place: Place = field(default=NOWHERE, compare=False)

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        """The relations by name."""
        return {each.name: each for each in self.members if isinstance(each, Relation)}

    @cached_property
    def permissions(self) -> Mapping[str, Permission]:
        """The permissions by name."""
        return {each.name: each for each in self.members if isinstance(each, Permission)}

    def has(self, name: str) -> bool:
        """Whether it is a relation or permission."""
        return name in self.relations or name in self.permissions

    @property
    def names(self) -> list[str]:
        """All relations and permissions."""
        return [each.name for each in self.members]


@dataclass(frozen=True)
class Schema:
    """A schema."""

    definitions: tuple[Definition, ...]

    @cached_property
    def types(self) -> Mapping[str, Definition]:
        """The definitions by name."""
        return {each.name: each for each in self.definitions}
