"""Finding out permissions: level by level from the resources, all questions of a call together.

A level asks for everything that is needed next in one go: which of these relationships exist, which sets stand in these
relations, which objects. Between levels the expressions are worked out with three values, so that a question that is
answered asks for nothing more. What only circles of relationships leave open is the least fixpoint, stratum by stratum:
a statement holds when it follows from relationships, never because it supports itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from function_backend.services.auth.domain.relations.plan import Key, PermissionPlan, Plan, RelationPlan
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject, Tuple

MAX_LEVELS = 50
MAX_TUPLES = 100_000
MAX_STEPS = 2_000_000

# Steps from statement to statement before the rest is put off; each takes up to 18 frames of Python's stack.
_MAX_DEPTH = 30


class TooComplex(Exception):  # noqa: N818 - Not yet an error of the service; the use case makes it one.
    """A bound was reached: which, and what it counts."""

    def __init__(self, limit: int, what: str) -> None:
        super().__init__(f"more than {limit} {what}")
        self.limit = limit
        self.what = what


@dataclass(slots=True)
class Wants:
    """What a level asks for."""

    direct: list[Tuple] = field(default_factory=list)
    """Relationships that may exist."""
    sets: list[Key] = field(default_factory=list)
    """Relations whose sets are wanted, such as `group:eng#member`."""
    objects: list[Key] = field(default_factory=list)
    """Relations whose objects are wanted."""

    def __bool__(self) -> bool:
        return bool(self.direct or self.sets or self.objects)


@dataclass(slots=True)
class Found:
    """What a level was given; numbers are places in the lists of the wants."""

    direct: Iterable[int]
    sets: Iterable[tuple[int, str, str, str]]
    objects: Iterable[tuple[int, str, str]]
    count: int


class TupleSource(Protocol):
    """Where relationships come from."""

    def load(self, wants: Wants, *, at_most: int) -> Found:
        """What there is of what is wanted; more than `at_most` relationships need not be complete."""


class Evaluation:
    """Answers questions on one state of the relationships."""

    def __init__(self, plan: Plan, source: TupleSource, *, max_levels: int = MAX_LEVELS) -> None:
        self._plan = plan
        self._source = source
        self._max_levels = max_levels
        self._views: dict[Subject, SubjectView] = {}
        self._wants = Wants()
        self._direct_for: list[tuple[SubjectView, Key]] = []
        self.sets: dict[Key, list[Key]] = {}
        """Relation to the sets that stand in it, as far as it was asked for."""
        self.objects: dict[Key, list[tuple[str, str]]] = {}
        """Relation to the objects that stand in it, as far as it was asked for."""
        self._asked_sets: set[Key] = set()
        self._asked_objects: set[Key] = set()
        self._levels = 0
        self._tuples = 0
        self._steps = 0

    @property
    def plan(self) -> Plan:
        """The schema that the answers follow from."""
        return self._plan

    def view(self, subject: Subject) -> SubjectView:
        """What is known about the subject."""
        view = self._views.get(subject)
        if view is None:
            view = self._views[subject] = SubjectView(self, subject)
        return view

    def decide(self, questions: Sequence[tuple[Subject, Key]]) -> list[bool]:
        """Whether each subject has what is asked. Raises TooComplex."""
        open_ = [(self.view(subject), key) for subject, key in questions]
        asked = list(open_)
        self._levels = 0
        while open_:
            views = {id(view): view for view, _ in open_}.values()
            for view in views:
                view.begin()
            open_ = [(view, key) for view, key in open_ if view.value(key) is None]
            for view in views:
                view.finish()
            if not self._wants:
                # Nothing is left to ask for: what is open hangs on circles alone.
                for view in {id(view): view for view, _ in open_}.values():
                    view.settle()
                break
            if open_:
                self._load()
            else:
                self._drop_wants(views)
        return [view.decided[key] for view, key in asked]

    def sets_of(self, key: Key) -> list[Key]:
        """The sets that stand in the relation, looked up when they were not needed before."""
        found = self.sets.get(key)
        if found is None:
            loaded = self._source.load(Wants(sets=[key]), at_most=MAX_TUPLES)
            found = self.sets[key] = [(type_name, object_id, name) for _, type_name, object_id, name in loaded.sets]
        return found

    def objects_of(self, key: Key) -> list[tuple[str, str]]:
        """The objects that stand in the relation, looked up when they were not needed before."""
        found = self.objects.get(key)
        if found is None:
            loaded = self._source.load(Wants(objects=[key]), at_most=MAX_TUPLES)
            found = self.objects[key] = [(type_name, object_id) for _, type_name, object_id in loaded.objects]
        return found

    def want_relation(self, view: SubjectView, key: Key, node: RelationPlan) -> bool:
        """Asks for what decides a relation for a subject; False when nothing can stand in it for this subject."""
        type_name, object_id, name = key
        subject, wants, asked = view.subject, self._wants, False
        if subject.id == EVERYBODY:
            if subject.type in node.wildcards:
                wants.direct.append(Tuple(type_name, object_id, name, subject.type, EVERYBODY, ""))
                self._direct_for.append((view, key))
                asked = True
        else:
            if (subject.type, subject.relation) in node.kinds:
                wants.direct.append(Tuple(type_name, object_id, name, *subject))
                self._direct_for.append((view, key))
                asked = True
            if not subject.relation and subject.type in node.wildcards:
                wants.direct.append(Tuple(type_name, object_id, name, subject.type, EVERYBODY, ""))
                self._direct_for.append((view, key))
                asked = True
        if node.has_sets and key not in self.sets:
            if key not in self._asked_sets:
                self._asked_sets.add(key)
                wants.sets.append(key)
            asked = True
        return asked

    def want_objects(self, key: Key) -> None:
        """Asks for the objects of a relation."""
        if key not in self._asked_objects:
            self._asked_objects.add(key)
            self._wants.objects.append(key)

    def count_step(self) -> None:
        """Counts the work, so that it ends."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooComplex(MAX_STEPS, "steps")

    def _drop_wants(self, views: Iterable[SubjectView]) -> None:
        """All is answered without what was asked for last; whoever needs it later asks again."""
        self._wants, self._direct_for = Wants(), []
        self._asked_sets.clear()
        self._asked_objects.clear()
        for view in views:
            view.forget_asked()

    def _load(self) -> None:
        self._levels += 1
        if self._levels > self._max_levels:
            raise TooComplex(self._max_levels, "levels of relationships")
        wants, waiting = self._wants, self._direct_for
        self._wants, self._direct_for = Wants(), []
        self._asked_sets.clear()
        self._asked_objects.clear()
        found = self._source.load(wants, at_most=MAX_TUPLES - self._tuples)
        self._tuples += found.count
        if self._tuples > MAX_TUPLES:
            raise TooComplex(MAX_TUPLES, "relationships to follow")
        for number in found.direct:
            view, key = waiting[number]
            view.decided[key] = True
        for key in wants.sets:
            self.sets[key] = []
        for number, type_name, object_id, name in found.sets:
            self.sets[wants.sets[number]].append((type_name, object_id, name))
        for key in wants.objects:
            self.objects[key] = []
        for number, type_name, object_id in found.objects:
            self.objects[wants.objects[number]].append((type_name, object_id))


class SubjectView:
    """What is known about one subject."""

    __slots__ = (
        "_asked",
        "_depth",
        "_evaluation",
        "_loaded",
        "_nodes",
        "_open",
        "_put_off",
        "_settling",
        "decided",
        "subject",
    )

    def __init__(self, evaluation: Evaluation, subject: Subject) -> None:
        self.subject = subject
        self.decided: dict[Key, bool] = {}
        """What is known for good."""
        self._evaluation = evaluation
        self._nodes = evaluation.plan.nodes
        self._loaded: set[Key] = set()
        self._open: set[Key] = set()
        self._put_off: list[Key] = []
        self._depth = 0
        self._settling = False
        self._asked: list[Key] = []
        if subject.relation:
            # A set is part of itself.
            self.decided[subject.type, subject.id, subject.relation] = True

    def begin(self) -> None:
        """A new round: what was open may be decided now."""
        self._open.clear()
        self._asked.clear()

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
        if known is not None or self._settling:
            return bool(known)
        if key in self._open:
            return None
        if self._depth >= _MAX_DEPTH:
            self._put_off.append(key)
            return None
        self._open.add(key)
        self._evaluation.count_step()
        self._depth += 1
        result = self._work_out(key)
        self._depth -= 1
        if result is not None:
            self.decided[key] = result
        return result

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation; None while they are not known."""
        found = self._evaluation.objects.get(key)
        if found is None:
            self._evaluation.want_objects(key)
        return found

    def settle(self) -> None:
        """Decides what circles leave open: the least fixpoint, from the lowest stratum up."""
        open_: dict[int, list[Key]] = {}
        for key in self._open:
            if key not in self.decided:
                open_.setdefault(self._nodes[key[0], key[2]].stratum, []).append(key)
        self._settling = True
        try:
            for stratum in sorted(open_):
                self._settle(open_[stratum])
        finally:
            self._settling = False

    def _settle(self, keys: list[Key]) -> None:
        while True:
            left = []
            for key in keys:
                self._evaluation.count_step()
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
        node = self._nodes.get((key[0], key[2]))
        if node is None:
            return False
        if isinstance(node, PermissionPlan):
            return node.evaluate(self, key[1])
        if key not in self._loaded:
            self._loaded.add(key)
            if self._evaluation.want_relation(self, key, node):
                self._asked.append(key)
                return None
        if not node.has_sets:
            return False
        result: bool | None = False
        for member in self._evaluation.sets[key]:
            value = self.value(member)
            if value:
                return True
            if value is None:
                result = None
        return result
