"""The schema read backwards: which relationships lead from a subject to a permission, and from there to subjects.

What is excluded is left out and of an intersection one part is followed: so nothing that is permitted is missed, and
what is found beyond that is sorted out by checking it. `exact` says when there is nothing to sort out, `exact_but` when
it is only what the permission itself excludes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from function_backend.services.auth.domain.relations.plan import Plan
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Expression,
    Operation,
    Operator,
    Reference,
    Relation,
)
from function_backend.services.auth.domain.relations.stratify import Name


@dataclass(frozen=True, slots=True)
class Step:
    """From a subject of a kind over a relation to its resources, of which then a name holds."""

    subject_type: str
    subject_relation: str
    resource_type: str
    relation: str
    name: str
    """What holds for the resource: the relation itself, or the permission that an arrow over it leads to."""
    wildcard: bool = False


@dataclass(slots=True)
class Below:
    """What a name is made of."""

    relation: Relation | None = None
    same: list[str] = field(default_factory=list)
    """Names of the same object."""
    arrows: list[tuple[str, str]] = field(default_factory=list)
    """Relations, and names of the objects that stand in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one permission is reached."""

    target: Name
    exact: bool
    exact_but: bool
    """Whether nothing is to be sorted out but what is excluded, as `Plan.excluded` says; for subjects that are objects
    alone, since a set is part of itself whatever is excluded."""
    names: frozenset[Name]
    """Every name that counts."""
    steps: Mapping[tuple[str, str], tuple[Step, ...]]
    """From objects of a type (with the empty relation), or from a set, by one relationship onwards."""
    implied: Mapping[Name, frozenset[Name]]
    """Name to all names of the same object that follow from it, itself included."""
    arrows: Mapping[Name, tuple[Step, ...]]
    """From a name that holds for an object to the resources that have the object in a relation."""
    below: Mapping[Name, Below]
    """Name to what it is made of."""
    passing: frozenset[Name]
    """Names from which relationships lead further on to the target."""

    def may_name_everybody(self, subject_type: str) -> bool:
        """Whether a relationship on the way may be one of everybody of the type."""
        return any(step.wildcard for step in self.steps.get((subject_type, ""), ()))


def reach_of(plan: Plan, type_name: str, name: str, *, everything: bool = False) -> Reach:
    """How the permission is reached. `everything` also follows what is excluded, and all parts of intersections."""
    needs: dict[Name, list[Name]] = {}
    below: dict[Name, Below] = {}
    same: dict[Name, set[Name]] = {}
    arrows: dict[Name, list[Step]] = {}
    steps: dict[tuple[str, str], list[Step]] = {}
    waiting = [(type_name, name)]
    while waiting:
        current = waiting.pop()
        if current in needs:
            continue
        owner, member = current
        definition = plan.schema.types[owner]
        needs[current] = []
        relation = definition.relations.get(member)
        made_of = below[current] = Below(relation)
        if relation is not None:
            for subject in relation.subjects:
                step = Step(subject.type, subject.relation, owner, member, member, wildcard=subject.wildcard)
                steps.setdefault((subject.type, subject.relation), []).append(step)
                if subject.relation:
                    needs[current].append((subject.type, subject.relation))
            waiting += needs[current]
            continue
        expression = definition.permissions[member].expression
        for found in _followed(expression, everything=everything):
            if isinstance(found, Reference):
                source = (owner, found.name)
                same.setdefault(source, set()).add(current)
                made_of.same.append(found.name)
                needs[current].append(source)
                continue
            made_of.arrows.append((found.relation, found.name))
            for subject in definition.relations[found.relation].subjects:
                source = (subject.type, found.name)
                if plan.schema.types[subject.type].has(found.name):
                    step = Step(subject.type, "", owner, found.relation, member)
                    arrows.setdefault(source, []).append(step)
                    needs[current].append(source)
        waiting += needs[current]
    names = frozenset(needs)
    exact, exact_but = _exactness(plan, (type_name, name), needs)
    implied = {each: _closure(each, same) for each in names}
    outgoing = {each for each in names if each in arrows or (each[1] and each in steps)}
    return Reach(
        target=(type_name, name),
        exact=exact,
        exact_but=exact_but,
        names=names,
        steps={key: tuple(found) for key, found in steps.items()},
        implied=implied,
        below=below,
        arrows={key: tuple(dict.fromkeys(found)) for key, found in arrows.items()},
        passing=frozenset(each for each in names if implied[each] & outgoing),
    )


def _exactness(plan: Plan, target: Name, needs: Mapping[Name, list[Name]]) -> tuple[bool, bool]:
    """Whether all that is reached is permitted, and whether all of it is that is not excluded by the target itself."""
    expressions = {
        each: permission.expression
        for each in needs
        if (permission := plan.schema.types[each[0]].permissions.get(each[1])) is not None
    }
    own = expressions.pop(target, None)
    if not all(map(_is_union, expressions.values())):
        return False, False
    if own is None or _is_union(own):
        return True, True
    # Who leads to the target itself would lead on from what it excludes too.
    return False, _is_union(_first(own)) and not any(target in needed for needed in needs.values())


def _first(expression: Expression) -> Expression:
    """What an exclusion excludes from."""
    if isinstance(expression, Operation) and expression.operator is Operator.EXCLUSION:
        return expression.parts[0]
    return expression


def _is_union(expression: Expression) -> bool:
    if not isinstance(expression, Operation):
        return True
    return expression.operator is Operator.UNION and all(map(_is_union, expression.parts))


def _followed(expression: Expression, *, everything: bool) -> Iterator[Reference | Arrow]:
    if not isinstance(expression, Operation):
        yield expression
        return
    parts = expression.parts if everything or expression.operator is Operator.UNION else expression.parts[:1]
    for part in parts:
        yield from _followed(part, everything=everything)


def _closure(name: Name, same: Mapping[Name, set[Name]]) -> frozenset[Name]:
    found = {name}
    waiting = [name]
    while waiting:
        for each in same.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return frozenset(found)
