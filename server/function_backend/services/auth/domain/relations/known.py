"""What is known of the relationships, and what is to be asked for next.

Nothing here keeps hold of those who ask beyond the look-up that they wait for: what a call has learnt is then gone with
the call, and its memory is used again while it is warm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from function_backend.services.auth.domain.relations.closure import MOST_OF_ONE, Closure
from function_backend.services.auth.domain.relations.plan import Key, Plan, RelationPlan, Relations
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject, Tuple
from function_backend.services.auth.domain.relations.source import WIDEST, Found, TooComplex, TupleSource, Wants

MAX_LEVELS = 50
MAX_TUPLES = 100_000


class Asking(Protocol):
    """Whoever asks for relationships on behalf of a subject."""

    subject: Subject
    decided: dict[Key, bool]
    closure: Closure


class Known:
    """What is known whoever is asked about."""

    def __init__(self, plan: Plan, source: TupleSource) -> None:
        self.plan = plan
        """The schema that the answers follow from."""
        self._source = source
        self._wants = Wants()
        self._direct_for: list[tuple[Asking, Key]] = []
        self._closing: list[Asking] = []
        self.whole: dict[tuple[str, str], Relations] = {}
        """The objects that are small enough to be known as a whole."""
        self.wide: set[tuple[str, str]] = set()
        """The objects that are not."""
        self.sets: dict[Key, list[Key]] = {}
        """Relation of a wide object to the sets that stand in it, as far as it was asked for."""
        self.known_objects: dict[Key, list[tuple[str, str]]] = {}
        """Relation to the objects that stand in it, as far as it was asked for."""
        self._asked: set[object] = set()
        self._leading: dict[tuple[str, str], None] = {}
        self._levels = 0
        self._tuples = 0
        self.steps = 0
        """How much was worked out."""

    def begin(self) -> None:
        """New questions, which may lead as far as the ones before."""
        self._levels = 0

    @property
    def is_asked(self) -> bool:
        """Whether anything is left to be loaded."""
        return bool(self._wants or self._closing)

    def want_whole(self, type_name: str, object_id: str, permission: str = "") -> bool:
        """Asks for all relationships of an object, and of those that its permission leads to.

        False where the object has too many.
        """
        key = (type_name, object_id)
        if key in self.wide or not self.plan.widths.mostly_narrow(type_name):
            return False
        if key not in self._asked:
            self._asked.add(key)
            self._wants.whole.append(key)
        if permission and (type_name, permission) not in self._leading:
            self._leading[type_name, permission] = None
        return True

    def want_relation(self, view: Asking, key: Key, node: RelationPlan) -> bool:
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

    def want_closure(self, view: Asking) -> None:
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
            return [member for member in whole.get(key[2], ()) if member[2]]
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
                members = whole.get(key[2], ())
                found = self.known_objects[key] = [(each[0], each[1]) for each in members if not each[2]]
        return found

    def drop(self) -> None:
        """All is answered without what was asked for last; whoever needs it later asks again."""
        self._wants, self._direct_for, self._closing = Wants(), [], []
        self._asked.clear()
        self._leading.clear()

    def load(self) -> None:
        """Loads all that was asked for, and tells those who asked. Raises TooComplex."""
        wants, waiting, closing = self._wants, self._direct_for, self._closing
        self._wants, self._direct_for, self._closing = Wants(), [], []
        self._asked.clear()
        self._lead_on(wants)
        if wants:
            self._levels += 1
            if self._levels > MAX_LEVELS:
                raise TooComplex(MAX_LEVELS, "levels of relationships")
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

    def _lead_on(self, wants: Wants) -> None:
        """Says where the wanted objects lead to, unless what is there is mostly too wide to be read as a whole."""
        leading, self._leading = self._leading, {}
        ways = {way: None for asked in leading for way in self.plan.ways_from(*asked)}
        is_narrow = self.plan.widths.mostly_narrow
        wants.onward += [(way.type, way.relation) for way in ways if all(map(is_narrow, way.targets))]

    def _take_whole(
        self, wanted: Sequence[tuple[str, str]], found: Iterable[tuple[str, str, str | None, str, str, str]]
    ) -> int:
        """Keeps the objects that are known as a whole now; how many of the wanted are too wide for that."""
        objects: dict[tuple[str, str], Relations] = {key: {} for key in wanted}
        counts = dict.fromkeys(objects, 0)
        at_type, at_id = "", ""
        key, relations = ("", ""), Relations()
        for type_name, object_id, relation, subject_type, subject_id, subject_relation in found:
            # The relationships of an object mostly come one after the other: comparing is cheaper than looking up.
            if object_id != at_id or type_name != at_type:
                at_type, at_id = key = (type_name, object_id)
                relations = objects.setdefault(key, {})
                counts.setdefault(key, 0)
            if relation is None:
                continue
            counts[key] += 1
            members = relations.get(relation)
            if members is None:
                relations[relation] = [(subject_type, subject_id, subject_relation)]
            else:
                members.append((subject_type, subject_id, subject_relation))
        wide = {key for key, count in counts.items() if count > WIDEST}
        self.wide |= wide
        for each in wide:
            del objects[each]
        self.whole.update(objects)
        for type_name, narrow in Counter(key[0] for key in objects).items():
            self.plan.widths.learn(type_name, wide=0, narrow=narrow)
        for type_name, count in Counter(key[0] for key in wide).items():
            self.plan.widths.learn(type_name, wide=count, narrow=0)
        return sum(key in wide for key in wanted) if wide else 0


def _take_memberships(
    closing: Sequence[Asking],
    owners: Sequence[Asking],
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
