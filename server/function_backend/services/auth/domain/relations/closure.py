"""Which sets a subject belongs to, found from the subject's side.

A member of three groups is found in three steps from the member, however many groups the resources name. Only sets that
are made of relations alone are found so; those of permissions are worked out from the resource's side. So are all sets
when the subject belongs to too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject
from function_backend.services.auth.domain.relations.schema import Relation, Schema

MAX_ROUNDS = 8
MAX_SETS = 1_000
MOST_OF_ONE = 300
"""Sets of one kind that one subject may directly belong to, before it is given up."""

Membership = tuple[str, str, str, str, str]
"""A subject, and type and relation of the resources that it may stand in."""
SetKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ClosurePlan:
    """The sets of a schema that can be found from their members."""

    closed: frozenset[tuple[str, str]]
    by_kind: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    """Kind of subject, as type and relation, to the sets that take it."""
    by_wildcard: Mapping[str, tuple[tuple[str, str], ...]]
    """Type to the sets that take all of its objects at once."""


def closure_plan(schema: Schema) -> ClosurePlan:
    """What can be found from the members' side."""
    used = {
        (subject.type, subject.relation)
        for definition in schema.definitions
        for relation in definition.relations.values()
        for subject in relation.subjects
        if subject.relation
    }
    closed = {each: relation for each in used if (relation := schema.types[each[0]].relations.get(each[1]))}
    while bad := [each for each, relation in closed.items() if _leads_out(relation, closed)]:
        for each in bad:
            del closed[each]
    by_kind: dict[tuple[str, str], list[tuple[str, str]]] = {}
    by_wildcard: dict[str, list[tuple[str, str]]] = {}
    for each, relation in closed.items():
        for subject in relation.subjects:
            if subject.wildcard:
                by_wildcard.setdefault(subject.type, []).append(each)
            else:
                by_kind.setdefault((subject.type, subject.relation), []).append(each)
    return ClosurePlan(
        frozenset(closed),
        {kind: tuple(found) for kind, found in by_kind.items()},
        {kind: tuple(found) for kind, found in by_wildcard.items()},
    )


def _leads_out(relation: Relation, closed: Mapping[tuple[str, str], Relation]) -> bool:
    return any(subject.relation and (subject.type, subject.relation) not in closed for subject in relation.subjects)


class Closure:
    """The sets that one subject belongs to, as far as they are found."""

    __slots__ = ("_plan", "_rounds", "complete", "given_up", "next", "sets")

    def __init__(self, plan: ClosurePlan, subject: Subject) -> None:
        self._plan = plan
        self._rounds = 0
        self.sets: set[SetKey] = set()
        self.complete = False
        self.given_up = False
        self.next: list[Membership] = []
        """What is to be looked up next."""
        if subject.id != EVERYBODY:
            self._ask(subject)
        if not subject.relation:
            everybody = (subject.type, EVERYBODY, "")
            self.next += [(*everybody, *found) for found in plan.by_wildcard.get(subject.type, ())]
        self.complete = not self.next

    def begin_round(self) -> list[Membership]:
        """What to look up now; what comes of it is added before the next round."""
        asked, self.next = self.next, []
        self._rounds += 1
        return asked

    def add(self, membership: Membership, object_id: str) -> None:
        """The subject belongs to this set."""
        key = (membership[3], object_id, membership[4])
        if key not in self.sets:
            self.sets.add(key)
            self._ask(Subject(*key))

    def end_round(self, *, overflowed: bool) -> None:
        """All of a round was added."""
        if not overflowed and not self.next:
            self.complete = True
        elif overflowed or self._rounds >= MAX_ROUNDS or len(self.sets) > MAX_SETS:
            self.given_up = True
            self.next = []

    def _ask(self, subject: Subject) -> None:
        self.next += [(*subject, *found) for found in self._plan.by_kind.get((subject.type, subject.relation), ())]
