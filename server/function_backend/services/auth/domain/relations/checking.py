"""Whether a schema adds up: every name is known, arrows lead somewhere, nothing is its own condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from function_backend.services.auth.domain.relations.grammar import MAX_DEPTH, parse
from function_backend.services.auth.domain.relations.problem import Place, SchemaProblem, nearest
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Definition,
    Permission,
    Reference,
    Relation,
    Schema,
    depth_of,
    names_in,
)
from function_backend.services.auth.domain.relations.stratify import edges_of, strata

MAX_DEFINITIONS = 200
MAX_RELATIONS = 100
MAX_SUBJECTS = 50

_MOST_COMPLAINTS = 50

Complaint = tuple[Place, str]


def read_schema(text: str) -> Schema:
    """The schema that the text says. Raises SchemaProblem with everything that is wrong."""
    schema = parse(text)
    complaints = list(_complaints(schema))
    if not complaints:
        # These look things up, so every name must be known.
        complaints = [*_circles(schema), *_negative(schema)]
    if complaints:
        raise SchemaProblem(complaints[:_MOST_COMPLAINTS])
    return schema


def _complaints(schema: Schema) -> Iterator[Complaint]:
    if not schema.definitions:
        yield Place(1, 1), "a schema has at least one definition"
    if len(schema.definitions) > MAX_DEFINITIONS:
        yield schema.definitions[MAX_DEFINITIONS].place, f"more than {MAX_DEFINITIONS} definitions"
    seen: set[str] = set()
    for definition in schema.definitions:
        if definition.name in seen:
            yield definition.place, f"'{definition.name}' is defined twice"
        seen.add(definition.name)
        yield from _of_definition(schema, definition)


def _of_definition(schema: Schema, definition: Definition) -> Iterator[Complaint]:
    if len(definition.members) > MAX_RELATIONS:
        yield (
            definition.members[MAX_RELATIONS].place,
            f"more than {MAX_RELATIONS} relations and permissions in '{definition.name}'",
        )
    seen: set[str] = set()
    for member in definition.members:
        if member.name in seen:
            yield member.place, f"'{member.name}' stands twice in '{definition.name}'"
        seen.add(member.name)
        if isinstance(member, Relation):
            yield from _of_relation(schema, member)
        else:
            yield from _of_permission(schema, definition, member)


def _of_relation(schema: Schema, relation: Relation) -> Iterator[Complaint]:
    if len(relation.subjects) > MAX_SUBJECTS:
        yield relation.place, f"'{relation.name}' takes more than {MAX_SUBJECTS} kinds of subjects"
    seen = set()
    for subject in relation.subjects:
        if subject in seen:
            yield subject.place, f"'{subject}' stands twice in '{relation.name}'"
        seen.add(subject)
        target = schema.types.get(subject.type)
        if target is None:
            yield subject.place, f"unknown type '{subject.type}'{nearest(subject.type, schema.types)}"
        elif subject.relation and not target.has(subject.relation):
            yield subject.place, _unknown(f"'{subject.type}'", subject.relation, target.names)


def _of_permission(schema: Schema, definition: Definition, permission: Permission) -> Iterator[Complaint]:
    if depth_of(permission.expression) > MAX_DEPTH:
        yield permission.place, f"the expression of '{permission.name}' is nested more than {MAX_DEPTH} deep"
        return
    for found in names_in(permission.expression):
        if isinstance(found, Reference):
            if not definition.has(found.name):
                yield found.place, _unknown(f"'{definition.name}'", found.name, definition.names)
        else:
            yield from _of_arrow(schema, definition, found)


def _of_arrow(schema: Schema, definition: Definition, arrow: Arrow) -> Iterator[Complaint]:
    relation = definition.relations.get(arrow.relation)
    if relation is None:
        if arrow.relation in definition.permissions:
            yield arrow.place, f"an arrow begins at a relation, and '{arrow.relation}' is a permission"
        else:
            like = nearest(arrow.relation, definition.relations)
            yield arrow.place, f"'{definition.name}' has no relation '{arrow.relation}'{like}"
        return
    for subject in relation.subjects:
        if subject.wildcard or subject.relation:
            yield (
                arrow.place,
                f"an arrow follows objects, and '{arrow.relation}' takes '{subject}' too; use a relation of its own",
            )
            return
    targets = [schema.types[subject.type] for subject in relation.subjects if subject.type in schema.types]
    if targets and not any(target.has(arrow.name) for target in targets):
        types = " or ".join(f"'{target.name}'" for target in targets)
        known = {name for target in targets for name in target.names}
        yield arrow.place, _unknown(types, arrow.name, known)


def _unknown(types: str, name: str, known: Iterable[str]) -> str:
    return f"{types} has no relation or permission '{name}'{nearest(name, known)}"


def _circles(schema: Schema) -> Iterator[Complaint]:
    """Permissions of one type that need each other for the same object: there is nothing that could begin."""
    for definition in schema.definitions:
        needs = {
            permission.name: {
                found.name
                for found in names_in(permission.expression)
                if isinstance(found, Reference) and found.name in definition.permissions
            }
            for permission in definition.permissions.values()
        }
        while free := [name for name, needed in needs.items() if not needed & needs.keys()]:
            for name in free:
                del needs[name]
        for name in needs:
            yield (
                definition.permissions[name].place,
                f"'{name}' leads back to itself without a relation in between",
            )


def _negative(schema: Schema) -> Iterator[Complaint]:
    if any(True for _ in _circles(schema)):
        return
    _, bad = strata(edges_of(schema))
    for type_name, name in bad:
        yield (
            schema.types[type_name].permissions[name].place,
            f"'{type_name}#{name}' excludes something that depends on '{name}' itself",
        )
