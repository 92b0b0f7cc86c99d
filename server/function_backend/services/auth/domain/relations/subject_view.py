"""What is known about one subject, and how more follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from function_backend.services.auth.domain.relations.closure import Closure
from function_backend.services.auth.domain.relations.known import Known
from function_backend.services.auth.domain.relations.plan import (
    Key,
    Member,
    Node,
    PermissionPlan,
    RelationPlan,
)
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject
from function_backend.services.auth.domain.relations.source import TooComplex

MAX_STEPS = 2_000_000

# Steps from statement to statement before the rest is put off; each takes up to 18 frames of Python's stack.
_MAX_DEPTH = 30


class SubjectView:
    """What is known about one subject."""

    __slots__ = (
        "_asked",
        "_closed",
        "_depth",
        "_excluded",
        "_is_set",
        "_known",
        "_loaded",
        "_member",
        "_nodes",
        "_open",
        "_put_off",
        "_settling",
        "_whole",
        "_wildcard",
        "closure",
        "decided",
        "subject",
    )

    def __init__(self, known: Known, subject: Subject) -> None:
        self.subject = subject
        self.decided: dict[Key, bool] = {}
        """What is known for good."""
        self.closure = Closure(known.plan.closure, subject)
        """The sets that the subject belongs to."""
        self._known = known
        self._nodes = known.plan.nodes
        self._excluded = known.plan.excluded
        self._closed = known.plan.closure.closed
        self._member: Member = (subject.type, subject.id, subject.relation)
        # A set has no wildcard, and nothing is found twice.
        self._wildcard: Member = self._member if subject.relation else (subject.type, EVERYBODY, "")
        self._is_set = bool(subject.relation)
        self._whole = known.whole
        self._loaded: set[Key] = set()
        self._open: set[Key] = set()
        self._put_off: list[Key] = []
        self._asked: list[Key] = []
        self._depth = 0
        self._settling = False
        if subject.relation:
            # A set is part of itself.
            self.decided[self._member] = True

    def begin(self) -> None:
        """A new round: what was open may be decided now."""
        self._open.clear()
        self._asked.clear()
        if self.closure.next:
            # From the beginning, whether sets turn up or not: with the rest of a level it costs next to nothing, and
            # what it finds is there when it is needed.
            self._known.want_closure(self)

    def forget_asked(self) -> None:
        """What was asked for in this round was not loaded."""
        self._loaded.difference_update(self._asked)
        self._asked.clear()

    def finish(self) -> None:
        """Looks at what was put off because it was too deep to be looked at at once."""
        while self._put_off:
            self.value(self._put_off.pop())

    def value(self, key: Key) -> bool | None:
        """Whether the subject is in the relation or has the permission; None while it is not known."""
        known = self.decided.get(key)
        if known is not None:
            return known
        if self._settling:
            return False
        if key in self._open:
            return None
        if self._depth >= _MAX_DEPTH:
            self._put_off.append(key)
            return None
        self._open.add(key)
        self._known.steps += 1
        self._depth += 1
        result = self._work_out(key)
        self._depth -= 1
        if result is not None:
            self.decided[key] = result
        return result

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation; None while they are not known."""
        found = self._known.known_objects.get(key)
        return self._known.objects(key) if found is None else found

    def is_one_of(self, members: list[Member] | None, node: RelationPlan) -> bool | None:
        """Whether the subject is one of those that stand in a relation, if that is known without asking further.

        For most relations of an object that is known as a whole it is: this saves what keeping track of a statement
        costs. Of a set it says only what holds, for a set is part of itself.
        """
        if members is None:
            return None if self._is_set else False
        if self._member in members or self._wildcard in members:
            return True
        result: bool | None = None if self._is_set else False
        if not node.has_sets:
            return result
        if not node.closed or self.closure.given_up:
            return None if any(each[2] for each in members) else result
        sets = self.closure.sets
        for each in members:
            if each[2]:
                if each in sets:
                    return True
                if not self.closure.complete:
                    result = None
        return result

    def settle(self) -> None:
        """Decides what circles leave open: the least fixpoint, from the lowest stratum up."""
        open_: dict[int, list[Key]] = {}
        for key in self._open:
            if key not in self.decided:
                open_.setdefault(self._node(key).stratum, []).append(key)
        self._settling = True
        try:
            for stratum in sorted(open_):
                self._settle(open_[stratum])
        finally:
            self._settling = False

    def _node(self, key: Key) -> Node:
        name = (key[0], key[2])
        return self._nodes[name] if name in self._nodes else self._excluded[name]

    def _settle(self, keys: list[Key]) -> None:
        known = self._known
        while True:
            left = []
            known.steps += len(keys)
            if known.steps > MAX_STEPS:
                raise TooComplex(MAX_STEPS, "steps")
            for key in keys:
                if self._work_out(key):
                    self.decided[key] = True
                else:
                    left.append(key)
            if len(left) == len(keys):
                break
            keys = left
        for key in keys:
            self.decided[key] = False

    def _work_out(self, key: Key) -> bool | None:
        type_name, object_id, name = key
        node = self._nodes.get((type_name, name)) or self._excluded.get((type_name, name))
        if node is None:
            return False
        whole = self._whole.get((type_name, object_id))
        if isinstance(node, PermissionPlan):
            if whole is None and self._known.want_whole(type_name, object_id, name):
                # Whatever the permission is made of, it begins at relationships of this object.
                return None
            return node.evaluate(self, object_id, whole)
        if (type_name, name) in self._closed and not self.closure.given_up:
            return True if key in self.closure.sets else False if self.closure.complete else None
        return self._work_out_wide(key, node) if whole is None else self._among(whole.get(name, ()))

    def _among(self, members: Sequence[Member]) -> bool | None:
        if self._member in members or self._wildcard in members:
            return True
        return self._any([each for each in members if each[2]])

    def _work_out_wide(self, key: Key, node: RelationPlan) -> bool | None:
        known = self._known
        if key not in self._loaded:
            if known.want_whole(key[0], key[1]):
                return None
            self._loaded.add(key)
            if known.want_relation(self, key, node):
                self._asked.append(key)
                return None
        return self._any(known.sets[key]) if node.has_sets else False

    def _any(self, members: Iterable[Key]) -> bool | None:
        result: bool | None = False
        for member in members:
            value = self.value(member)
            if value:
                return True
            if value is None:
                result = None
        return result
