"""A schema made ready for evaluation: once for each version, then shared by all calls of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from function_backend.services.auth.domain.relations.closure import ClosurePlan, closure_plan
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Definition,
    Expression,
    Operation,
    Operator,
    Reference,
    Relation,
    Schema,
    names_in,
)
from function_backend.services.auth.domain.relations.stratify import edges_of, strata

# One object that has to be asked again costs what so many save.
_WORTH_IT = 8

EXCLUDED = "-"
"""Stands after the name of a permission, and in no name that anybody could write."""

Key = tuple[str, str, str]
"""One statement about the subject in question: type and id of an object, and a relation or permission of it."""
Member = tuple[str, str, str]
"""What stands in a relation: type and id, and of a set its relation."""
Relations = dict[str, list[Member]]
"""All that is known of an object: relation to what stands in it."""


class View(Protocol):
    """What is known about one subject so far. None means: not known yet."""

    def value(self, key: Key) -> bool | None:
        """Whether the subject is in the relation or has the permission."""

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation."""

    def is_one_of(self, members: list[Member] | None, node: RelationPlan) -> bool | None:
        """Whether the subject is one of those that stand in a relation, if that is known without asking further."""


Evaluate = Callable[[View, str, Relations | None], bool | None]
"""The value for an object by its id, and by its relationships where they are known as a whole. With three values, as
Kleene has it: what is decided is decided for good."""


@dataclass(frozen=True, slots=True)
class RelationPlan:
    """How a relation is looked up."""

    stratum: int
    kinds: frozenset[tuple[str, str]]
    """Types, and sets as type and relation, that it takes."""
    wildcards: frozenset[str]
    """Types of which it takes all objects at once."""
    has_sets: bool
    closed: bool
    """Whether all sets that it takes can be found from their members."""


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


class Way(NamedTuple):
    """A relation of a type whose objects a permission goes on with."""

    type: str
    relation: str
    targets: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A schema version, ready for use."""

    version: int
    schema: Schema
    nodes: Mapping[tuple[str, str], Node]
    """By type and name."""
    excluded: Mapping[tuple[str, str], Node]
    """By type and name with `EXCLUDED`: whether somebody is left out of a permission that is an exclusion."""
    closure: ClosurePlan
    widths: Widths
    """What was learnt about the objects of each type."""
    ways: dict[tuple[str, str], tuple[Way, ...]] = field(default_factory=dict, compare=False)
    """The ways from permissions, as far as they were asked for."""

    def ways_from(self, type_name: str, name: str) -> tuple[Way, ...]:
        """The relations whose objects a permission may lead to, by arrows and arrows from there on."""
        found = self.ways.get((type_name, name))
        if found is None:
            found = self.ways[type_name, name] = _ways_from(self.schema, type_name, name)
        return found

    def definition(self, type_name: str) -> Definition | None:
        """The type."""
        return self.schema.types.get(type_name)


def make_plan(schema: Schema, version: int) -> Plan:
    """The plan of a schema that was checked."""
    level, _ = strata(edges_of(schema))
    closure = closure_plan(schema)
    relations = {
        (definition.name, relation.name): _relation(relation, level[definition.name, relation.name], closure)
        for definition in schema.definitions
        for relation in definition.relations.values()
    }
    permissions = {
        (definition.name, permission.name): PermissionPlan(
            level[definition.name, permission.name], _expression(schema, definition, permission.expression, relations)
        )
        for definition in schema.definitions
        for permission in definition.permissions.values()
    }
    excluded: dict[tuple[str, str], Node] = {
        (definition.name, permission.name + EXCLUDED): PermissionPlan(
            level[definition.name, permission.name],
            _union(tuple(_expression(schema, definition, part, relations) for part in permission.expression.parts[1:])),
        )
        for definition in schema.definitions
        for permission in definition.permissions.values()
        if isinstance(permission.expression, Operation) and permission.expression.operator is Operator.EXCLUSION
    }
    return Plan(
        version=version,
        schema=schema,
        nodes={**relations, **permissions},
        excluded=excluded,
        closure=closure,
        widths=Widths(),
    )


def _relation(relation: Relation, stratum: int, closure: ClosurePlan) -> RelationPlan:
    sets = [(subject.type, subject.relation) for subject in relation.subjects if subject.relation]
    return RelationPlan(
        stratum,
        frozenset((subject.type, subject.relation) for subject in relation.subjects if not subject.wildcard),
        frozenset(subject.type for subject in relation.subjects if subject.wildcard),
        bool(sets),
        closure.closed.issuperset(sets),
    )


def _ways_from(schema: Schema, type_name: str, name: str) -> tuple[Way, ...]:
    ways: dict[Way, None] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(type_name, name)]
    while waiting:
        current = waiting.pop()
        definition = schema.types[current[0]]
        permission = definition.permissions.get(current[1])
        if permission is None or current in seen:
            continue
        seen.add(current)
        for found in names_in(permission.expression):
            if isinstance(found, Reference):
                waiting.append((current[0], found.name))
                continue
            targets = _targets(schema, definition, found)
            ways[Way(current[0], found.relation, targets)] = None
            waiting += [(target, found.name) for target in targets]
    return tuple(ways)


def _targets(schema: Schema, definition: Definition, arrow: Arrow) -> frozenset[str]:
    """The types of objects in the arrow's relation that have what it asks for."""
    subjects = definition.relations[arrow.relation].subjects
    return frozenset(subject.type for subject in subjects if schema.types[subject.type].has(arrow.name))


def _expression(
    schema: Schema,
    definition: Definition,
    expression: Expression,
    relations: Mapping[tuple[str, str], RelationPlan],
) -> Evaluate:
    if isinstance(expression, Reference):
        node = relations.get((definition.name, expression.name))
        if node is not None:
            return _relation_reference(definition.name, expression.name, node)
        return _reference(definition.name, expression.name)
    if isinstance(expression, Arrow):
        types = _targets(schema, definition, expression)
        return _arrow(definition.name, expression.relation, expression.name, types)
    assert isinstance(expression, Operation)  # noqa: S101  narrows the union
    parts = tuple(_expression(schema, definition, part, relations) for part in expression.parts)
    return _COMPILERS[expression.operator](parts)


def _reference(type_name: str, name: str) -> Evaluate:
    def evaluate(view: View, object_id: str, _: Relations | None) -> bool | None:
        return view.value((type_name, object_id, name))

    return evaluate


def _relation_reference(type_name: str, name: str, node: RelationPlan) -> Evaluate:
    def evaluate(view: View, object_id: str, relations: Relations | None) -> bool | None:
        if relations is not None:
            value = view.is_one_of(relations.get(name), node)
            if value is not None:
                return value
        return view.value((type_name, object_id, name))

    return evaluate


def _arrow(type_name: str, relation: str, name: str, types: frozenset[str]) -> Evaluate:
    def evaluate(view: View, object_id: str, relations: Relations | None) -> bool | None:
        objects: Iterable[tuple[str, ...]] | None
        if relations is None:
            objects = view.objects((type_name, object_id, relation))
            if objects is None:
                return None
        else:
            # An arrow's relation takes objects alone.
            objects = relations.get(relation, ())
        result: bool | None = False
        for each in objects:
            if each[0] in types:
                value = view.value((each[0], each[1], name))
                if value:
                    return True
                if value is None:
                    result = None
        return result

    return evaluate


def _union(parts: tuple[Evaluate, ...]) -> Evaluate:
    def evaluate(view: View, object_id: str, relations: Relations | None) -> bool | None:
        result: bool | None = False
        for part in parts:
            value = part(view, object_id, relations)
            if value:
                return True
            if value is None:
                result = None
        return result

    return evaluate


def _intersection(parts: tuple[Evaluate, ...]) -> Evaluate:
    def evaluate(view: View, object_id: str, relations: Relations | None) -> bool | None:
        result: bool | None = True
        for part in parts:
            value = part(view, object_id, relations)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return evaluate


def _exclusion(parts: tuple[Evaluate, ...]) -> Evaluate:
    first, others = parts[0], parts[1:]

    def evaluate(view: View, object_id: str, relations: Relations | None) -> bool | None:
        result = first(view, object_id, relations)
        if result is False:
            return False
        for part in others:
            value = part(view, object_id, relations)
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
