"""Walking a schema's reach over relationships: which objects are passed, and which relations list what is looked for.

Objects on the way are all visited; the last step is not taken but given back as streams, each in order of id, so that a
page costs what a page holds and not what there is altogether.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from function_backend.services.auth.domain.relations.plan import Key
from function_backend.services.auth.domain.relations.reach import Reach, Step
from function_backend.services.auth.domain.relations.references import EVERYBODY, Subject
from function_backend.services.auth.domain.relations.source import Found, TooComplex, Wants
from function_backend.services.auth.domain.relations.stratify import Name

MAX_VISITED = 20_000


class ResourceStream(NamedTuple):
    """The resources of a type that have the subject in the relation."""

    subject_type: str
    subject_id: str
    subject_relation: str
    resource_type: str
    relation: str


class SubjectStream(NamedTuple):
    """The subjects of a kind that stand in the relation of an object."""

    resource_type: str
    resource_id: str
    relation: str
    subject_type: str
    subject_relation: str


class Relationships(Protocol):
    """What a walk reads."""

    def load(self, wants: Wants, *, at_most: int) -> Found:
        """Sets and objects that stand in relations."""

    def resources(self, streams: Sequence[ResourceStream], *, at_most: int) -> Iterable[tuple[int, str]]:
        """The resources of the streams, each with the number of its stream; more than `at_most` when there are more."""


@dataclass(slots=True)
class Candidates:
    """Where everything that can be permitted is found."""

    ids: set[str] = field(default_factory=set)
    resource_streams: list[ResourceStream] = field(default_factory=list)
    subject_streams: list[SubjectStream] = field(default_factory=list)


def resources_reached(reach: Reach, subject: Subject, source: Relationships) -> Candidates:
    """Where the resources are that the subject reaches. Raises TooComplex when too many objects are on the way."""
    walk = _BackwardWalk(reach, source)
    walk.start(subject)
    return walk.run()


def subjects_reached(reach: Reach, resource_id: str, wanted: Name, source: Relationships) -> Candidates:
    """Where the subjects of the kind are that reach the resource. Raises TooComplex as above."""
    walk = _ForwardWalk(reach, wanted, source)
    return walk.run(resource_id)


class _BackwardWalk:
    """From a subject to resources."""

    def __init__(self, reach: Reach, source: Relationships) -> None:
        self._reach = reach
        self._source = source
        self._found = Candidates()
        self._visited: set[Key] = set()
        self._asked: dict[tuple[ResourceStream, str], None] = {}
        self._next: list[tuple[ResourceStream, str]] = []

    def start(self, subject: Subject) -> None:
        if subject.relation:
            self._reached(subject.type, subject.id, subject.relation)
        self._probe_subject(subject)
        if not subject.relation and subject.id != EVERYBODY:
            self._probe_subject(Subject(subject.type, EVERYBODY))

    def run(self) -> Candidates:
        while self._next:
            probes, self._next = self._next, []
            streams = [stream for stream, _ in probes]
            for number, object_id in self._source.resources(streams, at_most=MAX_VISITED - len(self._visited)):
                stream, name = probes[number]
                self._reached(stream.resource_type, object_id, name)
        return self._found

    def _reached(self, type_name: str, object_id: str, name: str) -> None:
        for _, implied in self._reach.implied.get((type_name, name), ()):
            key = (type_name, object_id, implied)
            if key in self._visited:
                continue
            self._visited.add(key)
            if len(self._visited) > MAX_VISITED:
                raise TooComplex(MAX_VISITED, "objects on the way")
            if (type_name, implied) == self._reach.target:
                self._found.ids.add(object_id)
            self._probe_subject(Subject(type_name, object_id, implied))
            for step in self._reach.arrows.get((type_name, implied), ()):
                self._probe(step, Subject(type_name, object_id))

    def _probe_subject(self, subject: Subject) -> None:
        for step in self._reach.steps.get((subject.type, subject.relation), ()):
            if step.wildcard == (subject.id == EVERYBODY):
                self._probe(step, subject)

    def _probe(self, step: Step, subject: Subject) -> None:
        stream = ResourceStream(*subject, step.resource_type, step.relation)
        if (stream, step.name) in self._asked:
            return
        self._asked[stream, step.name] = None
        name = (step.resource_type, step.name)
        if name in self._reach.passing:
            self._next.append((stream, step.name))
        elif self._reach.target in self._reach.implied[name]:
            self._found.resource_streams.append(stream)


class _ForwardWalk:
    """From a resource to subjects."""

    def __init__(self, reach: Reach, wanted: Name, source: Relationships) -> None:
        self._reach = reach
        self._wanted = wanted
        self._source = source
        self._found = Candidates()
        self._visited: set[Key] = set()
        self._wants = Wants()
        self._arrow_names: dict[Key, list[str]] = {}
        self._objects: dict[Key, list[tuple[str, str]]] = {}

    def run(self, resource_id: str) -> Candidates:
        type_name, name = self._reach.target
        self._visit((type_name, resource_id, name))
        while self._wants:
            wants, self._wants = self._wants, Wants()
            found = self._source.load(wants, at_most=MAX_VISITED)
            for _, *member in found.sets:
                self._visit((member[0], member[1], member[2]))
            for key in wants.objects:
                self._objects[key] = []
            for number, object_type, object_id in found.objects:
                self._objects[wants.objects[number]].append((object_type, object_id))
            for key in wants.objects:
                # A name that is added meanwhile finds the objects there.
                for name in list(self._arrow_names[key]):
                    self._visit_objects(key, name)
            if found.count > MAX_VISITED:
                raise TooComplex(MAX_VISITED, "objects on the way")
        return self._found

    def _visit_objects(self, relation: Key, name: str) -> None:
        for object_type, object_id in self._objects[relation]:
            self._visit((object_type, object_id, name))

    def _visit(self, key: Key) -> None:
        waiting = [key]
        while waiting:
            key = waiting.pop()
            type_name, object_id, name = key
            if key in self._visited or (type_name, name) not in self._reach.names:
                continue
            self._visited.add(key)
            if len(self._visited) > MAX_VISITED:
                raise TooComplex(MAX_VISITED, "objects on the way")
            if (type_name, name) == self._wanted:
                self._found.ids.add(object_id)
            waiting += self._expand(type_name, object_id, name)

    def _expand(self, type_name: str, object_id: str, name: str) -> list[Key]:
        below = self._reach.below[type_name, name]
        if below.relation is not None:
            key = (type_name, object_id, name)
            if any(subject.relation for subject in below.relation.subjects):
                self._wants.sets.append(key)
            subject_type, subject_relation = self._wanted
            relation = below.relation
            if relation.takes(subject_type, subject_relation, wildcard=False) or (
                not subject_relation and relation.takes(subject_type, "", wildcard=True)
            ):
                self._found.subject_streams.append(
                    SubjectStream(type_name, object_id, name, subject_type, subject_relation)
                )
            return []
        onward: list[Key] = []
        for arrow, target in below.arrows:
            key = (type_name, object_id, arrow)
            names = self._arrow_names.get(key)
            if names is None:
                names = self._arrow_names[key] = []
                self._wants.objects.append(key)
            if target not in names:
                names.append(target)
                onward += [(*found, target) for found in self._objects.get(key, ())]
        return onward + [(type_name, object_id, each) for each in below.same]
