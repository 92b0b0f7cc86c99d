"""A schema made ready for evaluation: once for each version, then shared by all calls of a worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from function_backend.services.auth.domain.relations.closure import ClosurePlan, closure_plan
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Definition,
    Expression,
    Operation,
    Operator,
    Permission,
    Reference,
    Relation,
    Schema,
)
from function_backend.services.auth.domain.relations.stratify import edges_of, strata

_NUMBERS = itertools.count()

# One object that has to be asked again costs what so many save.
_WORTH_IT = 8

Key = tuple[str, str, str]
"""One statement about the subject in question: type and id of an object, and a relation or permission of it."""


class View(Protocol):
    """What is known about one subject so far. None means: not known yet."""

    left: dict[tuple[int, str], tuple[Evaluate, ...]]
    """The parts of a union that may still hold, by the number of the union and the id of the object."""
    settling: bool
    """Whether what is not known counts as false for now."""

    def value(self, key: Key) -> bool | None:
        """Whether the subject is in the relation or has the permission."""

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation."""

    def at_once(self, type_name: str, object_id: str, name: str) -> bool | None:
        """Whether the subject is in the relation, if that is known without following sets."""


Evaluate = Callable[[View, str], bool | None]
"""The value for an object by its id. With three values, as Kleene has it: what is decided is decided for good."""


@dataclass(frozen=True, slots=True)
class RelationPlan:
    """How a relation is looked up."""

    stratum: int
    kinds: frozenset[tuple[str, str]]
    """Types, and sets as type and relation, that it takes."""
    wildcards: frozenset[str]
    """Types of which it takes all objects at once."""
    has_sets: bool


@dataclass(frozen=True, slots=True)
class PermissionPlan:
    """How a permission is worked out."""

    stratum: int
    evaluate: Evaluate


Node = RelationPlan | PermissionPlan


class Widths:
    """Whether the objects of a type mostly have few relationships, so that all of them are best read at once."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        # Several threads may count at once and lose a count: it is a guess about speed and decides nothing else.
        self._seen: dict[str, tuple[int, int]] = {}

    def mostly_narrow(self, type_name: str) -> bool:
        """Whether reading whole objects of the type has paid so far."""
        wide, narrow = self._seen.get(type_name, (0, 0))
        return wide * _WORTH_IT <= narrow + _WORTH_IT

    def learn(self, type_name: str, *, wide: int, narrow: int) -> None:
        """So many objects were too wide, so many were not."""
        before = self._seen.get(type_name, (0, 0))
        self._seen[type_name] = (before[0] + wide, before[1] + narrow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A schema version, ready for use."""

    version: int
    schema: Schema
    nodes: Mapping[tuple[str, str], Node]
    """By type and name."""
    closure: ClosurePlan
    widths: Widths
    """What was learnt about the objects of each type."""

    def definition(self, type_name: str) -> Definition | None:
        """The type."""
        return self.schema.types.get(type_name)


def make_plan(schema: Schema, version: int) -> Plan:
    """The plan of a schema that was checked."""
    level, _ = strata(edges_of(schema))
    nodes: dict[tuple[str, str], Node] = {}
    for definition in schema.definitions:
        for member in definition.members:
            name = (definition.name, member.name)
            if isinstance(member, Relation):
                nodes[name] = _relation(member, level[name])
            else:
                nodes[name] = _permission(schema, definition, member, level[name])
    return Plan(version=version, schema=schema, nodes=nodes, closure=closure_plan(schema), widths=Widths())


def _relation(relation: Relation, stratum: int) -> RelationPlan:
    return RelationPlan(
        stratum,
        frozenset((subject.type, subject.relation) for subject in relation.subjects if not subject.wildcard),
        frozenset(subject.type for subject in relation.subjects if subject.wildcard),
        any(subject.relation for subject in relation.subjects),
    )


def _permission(schema: Schema, definition: Definition, permission: Permission, stratum: int) -> PermissionPlan:
    return PermissionPlan(stratum, _expression(schema, definition, permission.expression))


def _expression(schema: Schema, definition: Definition, expression: Expression) -> Evaluate:
    if isinstance(expression, Reference):
        if expression.name in definition.relations:
            return _relation_reference(definition.name, expression.name)
        return _reference(definition.name, expression.name)
    if isinstance(expression, Arrow):
        types = frozenset(
            subject.type
            for subject in definition.relations[expression.relation].subjects
            if schema.types[subject.type].has(expression.name)
        )
        return _arrow(definition.name, expression.relation, expression.name, types)
    assert isinstance(expression, Operation)  # noqa: S101  narrows the union
    parts = tuple(_expression(schema, definition, part) for part in expression.parts)
    return _COMPILERS[expression.operator](parts)


def _reference(type_name: str, name: str) -> Evaluate:
    def evaluate(view: View, object_id: str) -> bool | None:
        return view.value((type_name, object_id, name))

    return evaluate


def _relation_reference(type_name: str, name: str) -> Evaluate:
    def evaluate(view: View, object_id: str) -> bool | None:
        value = view.at_once(type_name, object_id, name)
        return view.value((type_name, object_id, name)) if value is None else value

    return evaluate


def _arrow(type_name: str, relation: str, name: str, types: frozenset[str]) -> Evaluate:
    def evaluate(view: View, object_id: str) -> bool | None:
        objects = view.objects((type_name, object_id, relation))
        if objects is None:
            return None
        result: bool | None = False
        for target, target_id in objects:
            if target in types:
                value = view.value((target, target_id, name))
                if value:
                    return True
                if value is None:
                    result = None
        return result

    return evaluate


def _union(parts: tuple[Evaluate, ...]) -> Evaluate:
    # A number of its own: what is left of it is kept by each view under the number and the object.
    number = next(_NUMBERS)

    def evaluate(view: View, object_id: str) -> bool | None:
        left = view.left.get((number, object_id), parts)
        open_ = []
        for part in left:
            value = part(view, object_id)
            if value:
                return True
            if value is None:
                open_.append(part)
        if not open_:
            return False
        if len(open_) < len(left) and not view.settling:
            # What does not hold never will: the next round looks at the rest alone.
            view.left[number, object_id] = tuple(open_)
        return None

    return evaluate


def _intersection(parts: tuple[Evaluate, ...]) -> Evaluate:
    def evaluate(view: View, object_id: str) -> bool | None:
        result: bool | None = True
        for part in parts:
            value = part(view, object_id)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return evaluate


def _exclusion(parts: tuple[Evaluate, ...]) -> Evaluate:
    first, others = parts[0], parts[1:]

    def evaluate(view: View, object_id: str) -> bool | None:
        result = first(view, object_id)
        if result is False:
            return False
        for part in others:
            value = part(view, object_id)
            if value:
                return False
            if value is None:
                result = None
        return result

    return evaluate


_COMPILERS: Mapping[Operator, Callable[[tuple[Evaluate, ...]], Evaluate]] = {
    Operator.UNION: _union,
    Operator.INTERSECTION: _intersection,
    Operator.EXCLUSION: _exclusion,
}
