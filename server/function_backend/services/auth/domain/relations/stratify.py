"""Which permissions depend on which, so that a schema never says that something holds because it does not.

A permission that is left out of its own condition (`view = reader - parent->view`) has no sensible meaning. Such
schemas are refused; in all others every name gets a number, its stratum, such that what it excludes has a lower one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Expression,
    Operation,
    Operator,
    Schema,
)

Name = tuple[str, str]
"""A type and a relation or permission of it."""


def edges_of(schema: Schema) -> Mapping[Name, list[tuple[Name, bool]]]:
    """What each name depends on, and whether by exclusion."""
    edges: dict[Name, list[tuple[Name, bool]]] = {}
    for definition in schema.definitions:
        for relation in definition.relations.values():
            edges[definition.name, relation.name] = [
                ((subject.type, subject.relation), False) for subject in relation.subjects if subject.relation
            ]
        for permission in definition.permissions.values():
            edges[definition.name, permission.name] = list(
                _edges(schema, definition.name, permission.expression, negative=False)
            )
    return edges


def strata(edges: Mapping[Name, list[tuple[Name, bool]]]) -> tuple[dict[Name, int], list[Name]]:
    """The stratum of each name, and the names that depend on themselves by exclusion."""
    component = _components(edges)
    bad = [
        name
        for name, targets in edges.items()
        if any(negative and component[target] == component[name] for target, negative in targets)
    ]
    if bad:
        return {}, bad
    # Components are numbered in the order in which they are finished: what one depends on has a lower number.
    members: dict[int, list[Name]] = {}
    for name, number in component.items():
        members.setdefault(number, []).append(name)
    level: dict[int, int] = {}
    for number in sorted(members):
        needed = [
            level[component[target]] + negative
            for name in members[number]
            for target, negative in edges[name]
            if component[target] != number
        ]
        level[number] = max(needed, default=0)
    return {name: level[number] for name, number in component.items()}, []


def _edges(schema: Schema, type_name: str, expression: Expression, *, negative: bool) -> Iterator[tuple[Name, bool]]:
    if isinstance(expression, Operation):
        for number, part in enumerate(expression.parts):
            excluded = expression.operator is Operator.EXCLUSION and number > 0
            yield from _edges(schema, type_name, part, negative=negative or excluded)
    elif isinstance(expression, Arrow):
        for subject in schema.types[type_name].relations[expression.relation].subjects:
            if schema.types[subject.type].has(expression.name):
                yield (subject.type, expression.name), negative
    else:
        yield (type_name, expression.name), negative


def _components(edges: Mapping[Name, list[tuple[Name, bool]]]) -> dict[Name, int]:
    """Tarjan's strongly connected components, without recursion."""
    index: dict[Name, int] = {}
    low: dict[Name, int] = {}
    component: dict[Name, int] = {}
    stack: list[Name] = []
    numbers = count()
    for root in edges:
        if root in index:
            continue
        work: list[tuple[Name, Iterator[tuple[Name, bool]]]] = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            name, targets = work[-1]
            for target, _ in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(edges[target])))
                    break
                if target not in component:
                    low[name] = min(low[name], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    _close(name, stack, component, next(numbers))
    return component


def _close(name: Name, stack: list[Name], component: dict[Name, int], number: int) -> None:
    while True:
        member = stack.pop()
        component[member] = number
        if member == name:
            return
