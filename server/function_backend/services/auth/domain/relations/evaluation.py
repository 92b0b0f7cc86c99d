"""Finding out permissions: level by level from the resources, all questions of a call together.

A level asks for everything that is needed next in one go: whole objects where they are small, else which of these
relationships exist, which sets stand in these relations, which objects; and which sets the subjects belong to. Between
levels the expressions are worked out with three values, so that a question that is answered asks for nothing more. What
only circles of relationships leave open is the least fixpoint, stratum by stratum: a statement holds when it follows
from relationships, never because it supports itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from function_backend.services.auth.domain.relations.closure import MOST_OF_ONE, Closure
from function_backend.services.auth.domain.relations.plan import Evaluate, Key, PermissionPlan, Plan, RelationPlan
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject, Tuple
from function_backend.services.auth.domain.relations.source import WIDEST, Found, TooComplex, TupleSource, Wants

MAX_LEVELS = 50
MAX_TUPLES = 100_000
MAX_STEPS = 2_000_000

# Steps from statement to statement before the rest is put off; each takes up to 18 frames of Python's stack.
_MAX_DEPTH = 30

Member = tuple[str, str, str]
Relations = dict[str, tuple[list[Member], list[Key]]]
"""Relation to all that stand in it, and to the sets among them: few enough that looking through them is quicker."""


class Evaluation:
    """Answers questions on one state of the relationships."""

    def __init__(self, plan: Plan, source: TupleSource, *, max_levels: int = MAX_LEVELS) -> None:
        self.plan = plan
        """The schema that the answers follow from."""
        self._source = source
        self._max_levels = max_levels
        self._views: dict[Subject, SubjectView] = {}
        self._wants = Wants()
        self._direct_for: list[tuple[SubjectView, Key]] = []
        self._closing: list[SubjectView] = []
        self.whole: dict[tuple[str, str], Relations] = {}
        """The objects that are small enough to be known as a whole."""
        self.wide: set[tuple[str, str]] = set()
        """The objects that are not."""
        self.sets: dict[Key, list[Key]] = {}
        """Relation of a wide object to the sets that stand in it, as far as it was asked for."""
        self.known_objects: dict[Key, list[tuple[str, str]]] = {}
        """Relation to the objects that stand in it, as far as it was asked for."""
        self._asked: set[object] = set()
        self._levels = 0
        self._tuples = 0
        self.steps = 0
        """How much was worked out."""

    def view(self, subject: Subject) -> SubjectView:
        """What is known about the subject."""
        view = self._views.get(subject)
        if view is None:
            view = self._views[subject] = SubjectView(self, subject)
        return view

    def decide(self, questions: Sequence[tuple[Subject, Key]]) -> list[bool]:
        """Whether each subject has what is asked. Raises TooComplex."""
        asked = open_ = [(self.view(subject), key) for subject, key in questions]
        self._levels = 0
        while open_:
            views = {id(view): view for view, _ in open_}.values()
            for view in views:
                view.begin()
            open_ = [(view, key) for view, key in open_ if view.value(key) is None]
            for view in views:
                view.finish()
            if not open_:
                self._drop_wants(views)
            elif self._wants or self._closing:
                self._load()
            else:
                # Nothing is left to ask for: what is open hangs on circles alone.
                for view in {id(view): view for view, _ in open_}.values():
                    view.settle()
                break
            if self.steps > MAX_STEPS:
                raise TooComplex(MAX_STEPS, "steps")
        return [view.decided[key] for view, key in asked]

    def want_whole(self, type_name: str, object_id: str) -> bool:
        """Asks for all relationships of an object; False where it has too many."""
        key = (type_name, object_id)
        if key in self.wide or not self.plan.widths.mostly_narrow(type_name):
            return False
        if key not in self._asked:
            self._asked.add(key)
            self._wants.whole.append(key)
        return True

    def want_relation(self, view: SubjectView, key: Key, node: RelationPlan) -> bool:
        """Asks for what decides a relation for a subject; False when nothing can stand in it for this subject."""
        subject, asked = view.subject, False
        if subject.id != EVERYBODY and (subject.type, subject.relation) in node.kinds:
            self._wants.direct.append(Tuple(*key, *subject))
            self._direct_for.append((view, key))
            asked = True
        if not subject.relation and subject.type in node.wildcards:
            self._wants.direct.append(Tuple(*key, subject.type, EVERYBODY, ""))
            self._direct_for.append((view, key))
            asked = True
        if node.has_sets and key not in self.sets:
            if key not in self._asked:
                self._asked.add(key)
                self._wants.sets.append(key)
            asked = True
        return asked

    def want_closure(self, view: SubjectView) -> None:
        """Asks for the sets that the subject belongs to."""
        self._closing.append(view)

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation; None while they are not known, and then asked for."""
        known = self._known_objects(key)
        if known is None and not self.want_whole(key[0], key[1]) and ("objects", key) not in self._asked:
            self._asked.add(("objects", key))
            self._wants.objects.append(key)
        return known

    def sets_of(self, key: Key) -> list[Key]:
        """The sets that stand in the relation, looked up when they were not needed before."""
        whole = self.whole.get((key[0], key[1]))
        if whole is not None:
            return whole[key[2]][1] if key[2] in whole else []
        found = self.sets.get(key)
        if found is None:
            loaded = self._source.load(Wants(sets=[key]), at_most=MAX_TUPLES)
            found = self.sets[key] = [(type_name, object_id, name) for _, type_name, object_id, name in loaded.sets]
        return found

    def objects_of(self, key: Key) -> list[tuple[str, str]]:
        """The objects that stand in the relation, looked up when they were not needed before."""
        found = self._known_objects(key)
        if found is None:
            loaded = self._source.load(Wants(objects=[key]), at_most=MAX_TUPLES)
            found = self.known_objects[key] = [(type_name, object_id) for _, type_name, object_id in loaded.objects]
        return found

    def _known_objects(self, key: Key) -> list[tuple[str, str]] | None:
        found = self.known_objects.get(key)
        if found is None:
            whole = self.whole.get((key[0], key[1]))
            if whole is not None:
                members = whole[key[2]][0] if key[2] in whole else ()
                found = self.known_objects[key] = [(each[0], each[1]) for each in members if not each[2]]
        return found

    def _drop_wants(self, views: Iterable[SubjectView]) -> None:
        """All is answered without what was asked for last; whoever needs it later asks again."""
        self._wants, self._direct_for, self._closing = Wants(), [], []
        self._asked.clear()
        for view in views:
            view.forget_asked()

    def _load(self) -> None:
        wants, waiting, closing = self._wants, self._direct_for, self._closing
        self._wants, self._direct_for, self._closing = Wants(), [], []
        self._asked.clear()
        if wants:
            self._levels += 1
            if self._levels > self._max_levels:
                raise TooComplex(self._max_levels, "levels of relationships")
        owners = [view for view in closing for _ in range(len(view.closure.next))]
        for view in closing:
            wants.memberships += view.closure.begin_round()
        found = self._source.load(wants, at_most=MAX_TUPLES - self._tuples)
        self._tuples += found.count
        if self._tuples > MAX_TUPLES:
            raise TooComplex(MAX_TUPLES, "relationships to follow")
        for number in found.direct:
            view, key = waiting[number]
            view.decided[key] = True
        self._take_relations(wants, found)
        if wants.whole and self._take_whole(wants.whole, found.whole) == len(wants.whole):
            # They are all asked for again in another way, which is no level of relationships more.
            self._levels -= 1
        if closing:
            _take_memberships(closing, owners, wants.memberships, found.memberships)

    def _take_relations(self, wants: Wants, found: Found) -> None:
        for key in wants.sets:
            self.sets[key] = []
        for number, type_name, object_id, name in found.sets:
            self.sets[wants.sets[number]].append((type_name, object_id, name))
        for key in wants.objects:
            self.known_objects[key] = []
        for number, type_name, object_id in found.objects:
            self.known_objects[wants.objects[number]].append((type_name, object_id))

    def _take_whole(self, wanted: Sequence[tuple[str, str]], found: Iterable[tuple[int, str, str, str, str]]) -> int:
        """Keeps the objects that are known as a whole now; how many are too wide for that."""
        counts = [0] * len(wanted)
        objects: list[Relations] = [{} for _ in wanted]
        for number, relation, subject_type, subject_id, subject_relation in found:
            counts[number] += 1
            relations = objects[number]
            entry = relations.get(relation)
            if entry is None:
                entry = relations[relation] = ([], [])
            member = (subject_type, subject_id, subject_relation)
            entry[0].append(member)
            if subject_relation:
                entry[1].append(member)
        learnt: dict[str, list[int]] = {}
        for key, count, relations in zip(wanted, counts, objects, strict=True):
            wide = count > WIDEST
            if wide:
                self.wide.add(key)
            else:
                self.whole[key] = relations
            learnt.setdefault(key[0], [0, 0])[wide] += 1
        for type_name, (narrow, wide_count) in learnt.items():
            self.plan.widths.learn(type_name, wide=wide_count, narrow=narrow)
        return sum(wide_count for _, wide_count in learnt.values())


def _take_memberships(
    closing: Sequence[SubjectView],
    owners: Sequence[SubjectView],
    asked: Sequence[tuple[str, str, str, str, str]],
    found: Iterable[tuple[int, str]],
) -> None:
    counts = [0] * len(asked)
    for number, object_id in found:
        counts[number] += 1
        owners[number].closure.add(asked[number], object_id)
    overflowed = {id(owner) for owner, count in zip(owners, counts, strict=True) if count > MOST_OF_ONE}
    for view in closing:
        view.closure.end_round(overflowed=id(view) in overflowed)


class SubjectView:
    """What is known about one subject."""

    __slots__ = (
        "_asked",
        "_closed",
        "_depth",
        "_evaluation",
        "_loaded",
        "_member",
        "_nodes",
        "_open",
        "_put_off",
        "_whole",
        "_wildcard",
        "closure",
        "decided",
        "left",
        "settling",
        "subject",
    )

    def __init__(self, evaluation: Evaluation, subject: Subject) -> None:
        self.subject = subject
        self.decided: dict[Key, bool] = {}
        """What is known for good."""
        self.closure = Closure(evaluation.plan.closure, subject)
        """The sets that the subject belongs to."""
        self._evaluation = evaluation
        self._nodes = evaluation.plan.nodes
        self._closed = evaluation.plan.closure.closed
        self._member: Member = (subject.type, subject.id, subject.relation)
        self._wildcard: Member | None = None if subject.relation else (subject.type, EVERYBODY, "")
        self._whole = evaluation.whole
        self._loaded: set[Key] = set()
        self._open: set[Key] = set()
        self._put_off: list[Key] = []
        self._asked: list[Key] = []
        self._depth = 0
        self.settling = False
        self.left: dict[tuple[int, str], tuple[Evaluate, ...]] = {}
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
            self._evaluation.want_closure(self)

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
        if self.settling:
            return False
        if key in self._open:
            return None
        if self._depth >= _MAX_DEPTH:
            self._put_off.append(key)
            return None
        self._open.add(key)
        self._evaluation.steps += 1
        self._depth += 1
        result = self._work_out(key)
        self._depth -= 1
        if result is not None:
            self.decided[key] = result
        return result

    def objects(self, key: Key) -> list[tuple[str, str]] | None:
        """The objects that stand in the relation; None while they are not known."""
        found = self._evaluation.known_objects.get(key)
        return self._evaluation.objects(key) if found is None else found

    def at_once(self, type_name: str, object_id: str, name: str) -> bool | None:
        """Whether the subject is in the relation, if that is known without following sets.

        Most relations of an object that is known as a whole are: this saves what keeping track of a statement costs.
        """
        whole = self._whole.get((type_name, object_id))
        if whole is None or (self.subject.relation and self._member == (type_name, object_id, name)):
            return None
        entry = whole.get(name)
        if entry is None:
            return False
        if self._member in entry[0] or self._wildcard in entry[0]:
            return True
        return None if entry[1] else False

    def settle(self) -> None:
        """Decides what circles leave open: the least fixpoint, from the lowest stratum up."""
        open_: dict[int, list[Key]] = {}
        for key in self._open:
            if key not in self.decided:
                open_.setdefault(self._nodes[key[0], key[2]].stratum, []).append(key)
        self.settling = True
        try:
            for stratum in sorted(open_):
                self._settle(open_[stratum])
        finally:
            self.settling = False

    def _settle(self, keys: list[Key]) -> None:
        evaluation = self._evaluation
        while True:
            left = []
            evaluation.steps += len(keys)
            if evaluation.steps > MAX_STEPS:
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
        name = (key[0], key[2])
        node = self._nodes.get(name)
        if node is None:
            return False
        if isinstance(node, PermissionPlan):
            if (key[0], key[1]) not in self._whole and self._evaluation.want_whole(key[0], key[1]):
                # Whatever the permission is made of, it begins at relationships of this object.
                return None
            return node.evaluate(self, key[1])
        if name in self._closed and not self.closure.given_up:
            return True if key in self.closure.sets else False if self.closure.complete else None
        return self._in_relation(key, node)

    def _in_relation(self, key: Key, node: RelationPlan) -> bool | None:
        whole = self._whole.get((key[0], key[1]))
        if whole is None:
            return self._work_out_wide(key, node)
        entry = whole.get(key[2])
        if entry is None:
            return False
        if self._member in entry[0] or self._wildcard in entry[0]:
            return True
        return self._any(entry[1])

    def _work_out_wide(self, key: Key, node: RelationPlan) -> bool | None:
        evaluation = self._evaluation
        if key not in self._loaded:
            if evaluation.want_whole(key[0], key[1]):
                return None
            self._loaded.add(key)
            if evaluation.want_relation(self, key, node):
                self._asked.append(key)
                return None
        return self._any(evaluation.sets[key]) if node.has_sets else False

    def _any(self, members: Iterable[Key]) -> bool | None:
        result: bool | None = False
        for member in members:
            value = self.value(member)
            if value:
                return True
            if value is None:
                result = None
        return result
