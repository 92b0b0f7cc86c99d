"""Why a permission is held, or what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from function_backend.services.auth.domain.relations.closure import MOST_OF_ONE, Membership
from function_backend.services.auth.domain.relations.evaluation import Evaluation
from function_backend.services.auth.domain.relations.plan import Key
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject, Tuple
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Expression,
    Operation,
    Operator,
    Reference,
)
from function_backend.services.auth.domain.relations.source import FARTHEST, WIDEST, Found, TupleSource, Wants, beside

T = TypeVar("T")

MAX_PARTS = 500
_MOST_SIBLINGS = 20
_DEEPEST = 60


class Kind(StrEnum):
    """What kind of statement a part makes."""

    PERMISSION = "permission"
    RELATION = "relation"
    UNION = "union"
    INTERSECTION = "intersection"
    EXCLUSION = "exclusion"
    ARROW = "arrow"
    RELATIONSHIP = "relationship"
    SAME = "same"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One part of an explanation; of what holds, only the parts that make it hold."""

    kind: Kind
    holds: bool
    resource: str
    name: str = ""
    relationship: str = ""
    parts: tuple[Explanation, ...] = ()
    omitted_count: int = 0


_OF_OPERATOR = {
    Operator.UNION: Kind.UNION,
    Operator.INTERSECTION: Kind.INTERSECTION,
    Operator.EXCLUSION: Kind.EXCLUSION,
}


class RecordingSource:
    """Passes questions on and keeps what was found."""

    def __init__(self, source: TupleSource) -> None:
        self._source = source
        self.found: set[Tuple] = set()

    def load(self, wants: Wants, *, at_most: int) -> Found:
        """What there is of what is wanted."""
        found = self._source.load(wants, at_most=at_most)
        whole, memberships = list(found.whole), list(found.memberships)
        direct, sets, objects = list(found.direct), list(found.sets), list(found.objects)
        for type_name, object_id, relation, subject_type, subject_id, subject_relation in whole:
            if relation is not None:
                self.found.add(Tuple(type_name, object_id, relation, subject_type, subject_id, subject_relation))
        for number, resource_id in memberships:
            membership = wants.memberships[number]
            self.found.add(
                Tuple(membership[3], resource_id, membership[4], membership[0], membership[1], membership[2])
            )
        for number in direct:
            self.found.add(wants.direct[number])
        for number, *member in sets:
            type_name, object_id, relation = wants.sets[number]
            self.found.add(Tuple(type_name, object_id, relation, *member))
        for number, target_type, target_id in objects:
            self.found.add(Tuple(*wants.objects[number], target_type, target_id, ""))
        return Found(found.count, whole, direct, sets, objects, memberships)


class RecordedSource:
    """Answers from relationships that were kept."""

    def __init__(self, inputs: Iterable[Tuple]) -> None:
        self._inputs = frozenset(inputs)
        self._by_relation: dict[Key, list[Tuple]] = {}
        self._by_object: dict[tuple[str, str], list[Tuple]] = {}
        self._by_subject: dict[Membership, list[Tuple]] = {}
        for each in sorted(self._inputs):
            self._by_relation.setdefault((each.resource_type, each.resource_id, each.relation), []).append(each)
            self._by_object.setdefault((each.resource_type, each.resource_id), []).append(each)
            self._by_subject.setdefault((*each[3:], each.resource_type, each.relation), []).append(each)

    def load(self, wants: Wants, *, at_most: int) -> Found:  # noqa: ARG002  they were bounded when they were kept
        """What there is of what is wanted."""
        whole: list[tuple[str, str, str | None, str, str, str]] = []
        for key in self._with_onward(wants):
            rows = self._by_object.get(key, ())[: WIDEST + 1]
            whole += rows or [(*key, None, "", "", "")]
        memberships = [
            (number, each.resource_id)
            for number, membership in enumerate(wants.memberships)
            for each in self._by_subject.get(membership, ())[: MOST_OF_ONE + 1]
        ]
        direct = [number for number, key in enumerate(wants.direct) if key in self._inputs]
        sets = [
            (number, each.subject_type, each.subject_id, each.subject_relation)
            for number, key in enumerate(wants.sets)
            for each in self._by_relation.get(key, ())
            if each.subject_relation
        ]
        objects = [
            (number, each.subject_type, each.subject_id)
            for number, key in enumerate(wants.objects)
            for each in self._by_relation.get(key, ())
            if not each.subject_relation
        ]
        count = len(whole) + len(direct) + len(sets) + len(objects) + len(memberships)
        return Found(count, whole, direct, sets, objects, memberships)

    def _with_onward(self, wants: Wants) -> Iterable[tuple[str, str]]:
        """The wanted objects and those that come with them."""
        reached = dict.fromkeys(wants.whole)
        most = len(reached) + beside(len(reached))
        latest = list(reached)
        for _ in range(FARTHEST):
            latest = [
                (each.subject_type, each.subject_id)
                for key in latest
                for type_name, relation in wants.onward
                if type_name == key[0]
                for each in self._by_relation.get((*key, relation), ())[: WIDEST + 1]
                if not each.subject_relation
            ]
            latest = [key for key in dict.fromkeys(latest) if key not in reached][: most - len(reached)]
            reached |= dict.fromkeys(latest)
        return reached


class Explainer:
    """Explains the values of one subject."""

    def __init__(self, evaluation: Evaluation, source: TupleSource, subject: Subject) -> None:
        self._evaluation = evaluation
        self._source = source
        self._subject = subject
        self._left = MAX_PARTS

    def explain(self, key: Key) -> Explanation:
        """Why the subject has what is asked, or why not."""
        if self._value(key):
            proof = self._proof(key, ())
            return proof if proof is not None else self._cut(key, holds=True)
        return self._lack(key, ())

    def _value(self, key: Key) -> bool:
        return self._evaluation.decide([(self._subject, key)])[0]

    def _proof(self, key: Key, path: tuple[Key, ...]) -> Explanation | None:
        """The parts that make it hold, none of which leans on itself; None when there is no way round `path`."""
        if key in path or not self._value(key):
            return None
        if key == (self._subject.type, self._subject.id, self._subject.relation):
            return Explanation(kind=Kind.SAME, holds=True, resource=f"{key[0]}:{key[1]}", name=key[2])
        self._left -= 1
        if self._left < 0 or len(path) > _DEEPEST:
            return self._cut(key, holds=True)
        definition = self._evaluation.plan.schema.types[key[0]]
        permission = definition.permissions.get(key[2])
        if permission is None:
            parts = self._relation_proof(key, (*path, key))
        else:
            part = self._expression_proof(permission.expression, key, (*path, key))
            parts = None if part is None else (part,)
        return None if parts is None else self._node(key, parts, holds=True)

    def _relation_proof(self, key: Key, path: tuple[Key, ...]) -> tuple[Explanation, ...] | None:
        for candidate in self._direct(key):
            return (_relationship(candidate),)
        for member in sorted(self._evaluation.sets_of(key)):
            proof = self._proof(member, path)
            if proof is not None:
                return (_relationship(Tuple(*key, *member)), proof)
        return None

    def _expression_proof(self, expression: Expression, key: Key, path: tuple[Key, ...]) -> Explanation | None:
        if isinstance(expression, Reference):
            return self._proof((key[0], key[1], expression.name), path)
        if isinstance(expression, Arrow):
            return self._arrow_proof(expression, key, path)
        if expression.operator is Operator.UNION:
            proofs = (self._expression_proof(part, key, path) for part in expression.parts)
            found = next((proof for proof in proofs if proof is not None), None)
            return None if found is None else self._operation(expression, key, [found], holds=True)
        needed = expression.parts if expression.operator is Operator.INTERSECTION else expression.parts[:1]
        parts = []
        for part in needed:
            proof = self._expression_proof(part, key, path)
            if proof is None:
                return None
            parts.append(proof)
        for part in expression.parts[len(needed) :]:
            if self._expression_value(part, key):
                return None
            parts.append(self._expression_lack(part, key, path))
        return self._operation(expression, key, parts, holds=True)

    def _arrow_proof(self, arrow: Arrow, key: Key, path: tuple[Key, ...]) -> Explanation | None:
        relation = (key[0], key[1], arrow.relation)
        for target, target_id in sorted(self._evaluation.objects_of(relation)):
            proof = self._proof((target, target_id, arrow.name), path)
            if proof is not None:
                parts = (_relationship(Tuple(*relation, target, target_id, "")), proof)
                return _arrow(arrow, key, parts, holds=True)
        return None

    def _lack(self, key: Key, path: tuple[Key, ...]) -> Explanation:
        if key in path:
            return Explanation(kind=Kind.CYCLE, holds=False, resource=f"{key[0]}:{key[1]}", name=key[2])
        self._left -= 1
        definition = self._evaluation.plan.schema.types.get(key[0])
        if self._left < 0 or len(path) > _DEEPEST or definition is None:
            return self._cut(key, holds=False)
        permission = definition.permissions.get(key[2])
        if permission is not None:
            part = self._expression_lack(permission.expression, key, (*path, key))
            return self._node(key, (part,), holds=False)
        if key[2] not in definition.relations:
            return self._cut(key, holds=False)
        members = sorted(self._evaluation.sets_of(key))
        parts = [
            Explanation(
                kind=Kind.RELATIONSHIP,
                holds=False,
                resource=f"{key[0]}:{key[1]}",
                relationship=str(Tuple(*key, *member)),
                parts=(self._lack(member, (*path, key)),),
            )
            for member in self._few(members)
        ]
        return self._node(key, parts, holds=False, omitted=len(members) - len(parts))

    def _expression_lack(self, expression: Expression, key: Key, path: tuple[Key, ...]) -> Explanation:
        if isinstance(expression, Reference):
            return self._lack((key[0], key[1], expression.name), path)
        if isinstance(expression, Arrow):
            return self._arrow_lack(expression, key, path)
        if expression.operator is Operator.UNION:
            parts = [self._expression_lack(part, key, path) for part in expression.parts]
            return self._operation(expression, key, parts, holds=False)
        if expression.operator is Operator.INTERSECTION:
            missing = next(part for part in expression.parts if not self._expression_value(part, key))
            return self._operation(expression, key, [self._expression_lack(missing, key, path)], holds=False)
        first = expression.parts[0]
        if not self._expression_value(first, key):
            return self._operation(expression, key, [self._expression_lack(first, key, path)], holds=False)
        excluded = next(part for part in expression.parts[1:] if self._expression_value(part, key))
        proofs = [self._expression_proof(part, key, ()) for part in (first, excluded)]
        return self._operation(expression, key, [proof for proof in proofs if proof is not None], holds=False)

    def _arrow_lack(self, arrow: Arrow, key: Key, path: tuple[Key, ...]) -> Explanation:
        relation = (key[0], key[1], arrow.relation)
        targets = sorted(self._evaluation.objects_of(relation))
        parts = [
            Explanation(
                kind=Kind.RELATIONSHIP,
                holds=False,
                resource=f"{key[0]}:{key[1]}",
                relationship=str(Tuple(*relation, *target, "")),
                parts=(self._lack((target[0], target[1], arrow.name), path),),
            )
            for target in self._few(targets)
        ]
        return _arrow(arrow, key, parts, holds=False, omitted=len(targets) - len(parts))

    def _expression_value(self, expression: Expression, key: Key) -> bool:
        if isinstance(expression, Reference):
            return self._value((key[0], key[1], expression.name))
        if isinstance(expression, Arrow):
            targets = self._evaluation.objects_of((key[0], key[1], expression.relation))
            return any(self._value((*target, expression.name)) for target in sorted(targets))
        values = (self._expression_value(part, key) for part in expression.parts)
        if expression.operator is Operator.UNION:
            return any(values)
        if expression.operator is Operator.INTERSECTION:
            return all(values)
        return next(values) and not any(values)

    def _direct(self, key: Key) -> Iterator[Tuple]:
        subject = self._subject
        wanted = [Tuple(*key, *subject)]
        if not subject.relation and subject.id != EVERYBODY:
            wanted.append(Tuple(*key, subject.type, EVERYBODY, ""))
        found = self._source.load(Wants(direct=wanted), at_most=len(wanted))
        for number in sorted(found.direct):
            yield wanted[number]

    def _few(self, items: Sequence[T]) -> Sequence[T]:
        return items[: max(0, min(_MOST_SIBLINGS, self._left))]

    def _node(self, key: Key, parts: Sequence[Explanation], *, holds: bool, omitted: int = 0) -> Explanation:
        definition = self._evaluation.plan.schema.types[key[0]]
        return Explanation(
            kind=Kind.PERMISSION if key[2] in definition.permissions else Kind.RELATION,
            holds=holds,
            resource=f"{key[0]}:{key[1]}",
            name=key[2],
            parts=tuple(parts),
            omitted_count=omitted,
        )

    def _cut(self, key: Key, *, holds: bool) -> Explanation:
        definition = self._evaluation.plan.schema.types.get(key[0])
        is_permission = definition is not None and key[2] in definition.permissions
        return Explanation(
            kind=Kind.PERMISSION if is_permission else Kind.RELATION,
            holds=holds,
            resource=f"{key[0]}:{key[1]}",
            name=key[2],
            omitted_count=1 if definition is not None and definition.has(key[2]) else 0,
        )

    def _operation(self, expression: Operation, key: Key, parts: Sequence[Explanation], *, holds: bool) -> Explanation:
        return Explanation(
            kind=_OF_OPERATOR[expression.operator], holds=holds, resource=f"{key[0]}:{key[1]}", parts=tuple(parts)
        )


def _relationship(key: Tuple) -> Explanation:
    resource = f"{key.resource_type}:{key.resource_id}"
    return Explanation(kind=Kind.RELATIONSHIP, holds=True, resource=resource, relationship=str(key))


def _arrow(arrow: Arrow, key: Key, parts: Sequence[Explanation], *, holds: bool, omitted: int = 0) -> Explanation:
    return Explanation(
        kind=Kind.ARROW,
        holds=holds,
        resource=f"{key[0]}:{key[1]}",
        name=str(arrow),
        parts=tuple(parts),
        omitted_count=omitted,
    )
