"""The engine against the plain oracle, on random schemas and relationships, without a database."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Iterable, Iterator, Sequence

import pytest

from function_backend.services.auth.domain.relations import explanation, known
from function_backend.services.auth.domain.relations.checking import read_schema
from function_backend.services.auth.domain.relations.evaluation import Evaluation
from function_backend.services.auth.domain.relations.explanation import (
    Explainer,
    Explanation,
    Kind,
    RecordedSource,
    RecordingSource,
)
from function_backend.services.auth.domain.relations.plan import EXCLUDED, Plan, make_plan
from function_backend.services.auth.domain.relations.problem import SchemaProblem
from function_backend.services.auth.domain.relations.reach import reach_of
from function_backend.services.auth.domain.relations.references import Subject, Tuple, read_tuple
from function_backend.services.auth.domain.relations.source import TooComplex
from function_backend.services.auth.domain.relations.walking import (
    ResourceStream,
    resources_reached,
    subjects_reached,
)
from tests.services.auth.relation_oracle import World, a_world

pytestmark = pytest.mark.timeout(600)
each_world = pytest.mark.parametrize(
    "seeds",
    [range(20), pytest.param(range(20, 600), marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
    ids=["some worlds", "many worlds"],
)


class Memory(RecordedSource):
    """Relationships in memory."""

    def __init__(self, tuples: Iterable[tuple[str, ...]]) -> None:
        self.rows = [Tuple(*row) for row in tuples]
        super().__init__(self.rows)

    def resources(self, streams: Sequence[ResourceStream], *, at_most: int) -> Iterable[tuple[int, str]]:
        return [
            (number, row.resource_id)
            for number, stream in enumerate(streams)
            for row in self.rows
            if (row.subject_type, row.subject_id, row.subject_relation, row.resource_type, row.relation) == stream
        ][: at_most + 1]


def _plan(world: World) -> Plan | None:
    try:
        return make_plan(read_schema(world.text()), 1)
    except SchemaProblem as problem:
        # The one thing that the generator does not avoid.
        assert all("excludes something" in what for _, what in problem.complaints), world.text()  # noqa: PT017
        return None


def _worlds(seeds: Iterable[int]) -> Iterator[tuple[int, World, Plan]]:
    for seed in seeds:
        chance = random.Random(seed)
        planned = ((world, _plan(world)) for world in (a_world(chance) for _ in range(20)))
        world, plan = next((world, plan) for world, plan in planned if plan is not None)
        yield seed, world, plan


def _targets(world: World) -> list[tuple[str, str]]:
    return [(each, name) for each in world.types for name in world.names(each)]


@pytest.fixture(params=["small", "large", "mixed"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects and memberships as they are; or taken for too large to be read at once, all of them or those of a few.

    In the mixture, objects also come with the nearest of those that they lead to alone.
    """
    most = {"large": 0, "mixed": 2}.get(request.param)
    if most is not None:
        for module in (known, explanation):
            monkeypatch.setattr(module, "WIDEST", most)
            monkeypatch.setattr(module, "MOST_OF_ONE", most)
    if request.param == "mixed":
        monkeypatch.setattr(explanation, "FARTHEST", 1)


@pytest.mark.usefixtures("_size")
@each_world
def test_checks_one_by_one_and_together_say_what_the_oracle_says(seeds: range) -> None:
    for seed, world, plan in _worlds(seeds):
        source = Memory(world.tuples)
        asked, expected = [], []
        for subject in world.subjects():
            facts = world.facts(subject)
            for type_name, name in _targets(world):
                for object_id in world.ids(type_name):
                    key = (type_name, object_id, name)
                    asked.append((Subject(*subject), key))
                    expected.append(key in facts)
        assert Evaluation(plan, source).decide(asked) == expected, world.text()
        shared = Evaluation(plan, source)
        sample = random.Random(seed).sample(range(len(asked)), min(len(asked), 200))
        for number in sample:
            assert shared.decide([asked[number]]) == [expected[number]], (world.text(), asked[number])
        for number in sample[:50]:
            assert Evaluation(plan, source).decide([asked[number]]) == [expected[number]], (world.text(), asked[number])


@each_world
def test_what_is_reached_misses_nothing_and_is_exact_where_it_says_so(seeds: range) -> None:
    for _, world, plan in _worlds(seeds):
        source = Memory(world.tuples)
        every = {subject: world.facts(subject) for subject in world.subjects()}
        for type_name, name in _targets(world):
            reach = reach_of(plan, type_name, name)
            for subject, facts in every.items():
                permitted = {object_id for kind, object_id, held in facts if (kind, held) == (type_name, name)}
                found = resources_reached(reach, Subject(*subject), source)
                ids = found.ids | {object_id for _, object_id in source.resources(found.resource_streams, at_most=999)}
                assert permitted <= ids, (world.text(), subject, type_name, name)
                if reach.exact:
                    assert permitted == ids, (world.text(), subject, type_name, name)


def test_what_is_reached_without_what_is_excluded_is_what_is_permitted_where_it_says_so() -> None:
    seen = refused = 0
    for _, world, plan in _worlds(range(10_000, 10_300)):
        source = Memory(world.tuples)
        for type_name, name in _targets(world):
            reach = reach_of(plan, type_name, name)
            if not reach.exact_but or reach.exact:
                continue
            for subject in [each for each in world.subjects() if not each[2]]:
                found = resources_reached(reach, Subject(*subject), source)
                ids = found.ids | {each for _, each in source.resources(found.resource_streams, at_most=999)}
                excluded = Evaluation(plan, source).decide(
                    [(Subject(*subject), (type_name, each, name + EXCLUDED)) for each in sorted(ids)]
                )
                left = {each for each, out in zip(sorted(ids), excluded, strict=True) if not out}
                facts = world.facts(subject)
                assert left == {each for each in ids if (type_name, each, name) in facts}, world.text()
                assert left == {each for kind, each, held in facts if (kind, held) == (type_name, name)}
                seen += bool(left)
                refused += any(excluded)
    assert seen > 50
    assert refused > 20


@each_world
def test_the_subjects_that_are_reached_miss_nothing(seeds: range) -> None:
    for _, world, plan in _worlds(seeds):
        source = Memory(world.tuples)
        every = {subject: world.facts(subject) for subject in world.subjects()}
        for type_name, name in _targets(world):
            for everything in (False, True):
                reach = reach_of(plan, type_name, name, everything=everything)
                for object_id in world.ids(type_name)[:2]:
                    for kind in {(each[0], each[2]) for each in every}:
                        candidates = subjects_reached(reach, object_id, kind, source)
                        ids = candidates.ids | {
                            row.subject_id
                            for stream in candidates.subject_streams
                            for row in source.rows
                            if (row.resource_type, row.resource_id, row.relation) == stream[:3]
                            and (row.subject_type, row.subject_relation) == kind
                        }
                        permitted = {
                            each[1]
                            for each, facts in every.items()
                            if (each[0], each[2]) == kind and (type_name, object_id, name) in facts
                        }
                        if "*" in permitted:
                            assert "*" in ids
                            named = ids - {"*"}
                            refused = {each[1] for each in every if (each[0], each[2]) == kind} - permitted
                            assert not everything or refused <= named, (world.text(), object_id, name, kind)
                        elif everything or not reach.may_name_everybody(kind[0]):
                            # Where one part of an intersection says everybody, another alone may name who is permitted.
                            assert permitted <= ids, (world.text(), object_id, name, kind)


@pytest.mark.usefixtures("_size")
@each_world
def test_an_explanation_agrees_and_what_was_recorded_gives_the_same_again(seeds: range) -> None:
    for seed, world, plan in _worlds(seeds):
        chance = random.Random(seed)
        for subject in chance.sample(world.subjects(), 5):
            facts = world.facts(subject)
            for type_name, name in _targets(world):
                key = (type_name, "a" if type_name != "user" else "ann", name)
                recording = RecordingSource(Memory(world.tuples))
                explained = Explainer(Evaluation(plan, recording), recording, Subject(*subject)).explain(key)
                assert explained.holds == (key in facts), (world.text(), subject, key)
                _assert_stands(explained, world)
                kept = RecordedSource(recording.found)
                again = Explainer(Evaluation(plan, kept), kept, Subject(*subject)).explain(key)
                assert again == explained


def _assert_stands(part: Explanation, world: World) -> None:
    """What an explanation calls a relationship exists, and what holds is made of what holds."""
    if part.kind is Kind.RELATIONSHIP:
        assert tuple(read_tuple(part.relationship)) in world.tuples
    if part.holds and part.kind is not Kind.EXCLUSION:
        assert all(each.holds for each in part.parts)
    if part.holds and part.kind not in {Kind.RELATIONSHIP, Kind.SAME} and not part.omitted_count:
        assert part.parts
    for each in part.parts:
        _assert_stands(each, world)


SCHEMA = """
definition user {}
definition group { relation member: user | group#member }
definition folder {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  permission view = viewer + parent->view
  permission clean = view - banned
}
"""


def _evaluation(*tuples: str, schema: str = SCHEMA) -> Evaluation:
    return Evaluation(make_plan(read_schema(schema), 1), Memory(read_tuple(each) for each in tuples))


ANN = Subject("user", "ann")


class TestHostileRelationships:
    def test_a_circle_of_groups_supports_nobody_and_ends(self) -> None:
        circle = [f"group:g{number}#member@group:g{(number + 1) % 40}#member" for number in range(40)]
        engine = _evaluation(*circle)
        assert engine.decide([(ANN, ("group", "g0", "member"))]) == [False]
        engine = _evaluation(*circle, "group:g39#member@user:ann")
        assert engine.decide([(ANN, ("group", f"g{number}", "member")) for number in range(40)]) == [True] * 40

    def test_folders_that_are_their_own_parents_end(self) -> None:
        engine = _evaluation("folder:f#parent@folder:f", "folder:f#viewer@user:bob")
        asked = [(ANN, ("folder", "f", "view")), (Subject("user", "bob"), ("folder", "f", "view"))]
        assert engine.decide(asked) == [False, True]

    def test_fifty_levels_are_followed_and_more_are_refused(self) -> None:
        chain = [f"group:g{number}#member@group:g{number + 1}#member" for number in range(80)]
        engine = _evaluation(*chain, "group:g49#member@user:ann")
        assert engine.decide([(ANN, ("group", "g0", "member"))]) == [True]
        engine = _evaluation(*chain, "group:g60#member@user:ann")
        with pytest.raises(TooComplex) as refused:
            engine.decide([(ANN, ("group", "g0", "member"))])
        assert refused.value.limit == 50

    def test_what_an_object_leads_to_comes_with_it_and_still_ends_somewhere(self) -> None:
        chain = [f"folder:f{number}#parent@folder:f{number + 1}" for number in range(600)]
        engine = _evaluation(*chain, "folder:f200#viewer@user:ann")
        assert engine.decide([(ANN, ("folder", "f0", "view"))]) == [True]
        engine = _evaluation(*chain, "folder:f590#viewer@user:ann")
        with pytest.raises(TooComplex) as refused:
            engine.decide([(ANN, ("folder", "f0", "view"))])
        assert refused.value.limit == 50

    def test_what_a_call_has_learnt_is_gone_with_it(self) -> None:
        source = Memory(map(read_tuple, ("folder:f#parent@folder:g", "folder:g#viewer@user:ann")))
        engine = Evaluation(make_plan(read_schema(SCHEMA), 1), source)
        assert engine.decide([(ANN, ("folder", "f", "view")), (ANN, ("folder", "h", "view"))]) == [True, False]
        gone = weakref.ref(source)
        gc.disable()
        try:
            del source, engine
            assert gone() is None
        finally:
            gc.enable()

    def test_ten_thousand_groups_that_lead_to_each_other_do_not_use_up_the_stack(self) -> None:
        wide = [f"group:top#member@group:g{number}#member" for number in range(10_000)]
        along = [f"group:g{number}#member@group:g{number + 1}#member" for number in range(9_999)]
        engine = _evaluation(*wide, *along, "group:g9999#member@user:ann")
        asked = [(ANN, ("group", "top", "member")), (Subject("user", "bob"), ("group", "top", "member"))]
        assert engine.decide(asked) == [True, False]

    def test_more_relationships_than_may_be_followed_are_refused(self) -> None:
        engine = _evaluation(*[f"folder:top#parent@folder:f{number}" for number in range(100_001)])
        with pytest.raises(TooComplex) as refused:
            engine.decide([(ANN, ("folder", "top", "view"))])
        assert "relationships" in refused.value.what

    def test_a_member_of_a_thousand_groups_is_found_in_one_of_them(self) -> None:
        groups = [f"group:g{number}#member@user:ann" for number in range(1_000)]
        engine = _evaluation(*groups, "folder:f#viewer@group:g777#member", "folder:g#viewer@group:other#member")
        assert engine.decide([(ANN, ("folder", "f", "view")), (ANN, ("folder", "g", "view"))]) == [True, False]

    def test_exclusion_looks_through_the_same_circle(self) -> None:
        engine = _evaluation(
            "folder:a#parent@folder:b",
            "folder:b#parent@folder:a",
            "folder:b#viewer@user:ann",
            "folder:a#banned@user:ann",
        )
        asked = [(ANN, ("folder", name, permission)) for name in "ab" for permission in ("view", "clean")]
        assert engine.decide(asked) == [True, False, True, True]

    def test_a_permission_of_sixteen_levels_on_a_chain_of_forty_is_answered(self) -> None:
        nested = "p0"
        for _ in range(15):
            nested = f"(({nested} & viewer) + viewer + parent->deep)"[:10_000]
        expression = "viewer"
        for number in range(14):
            expression = f"({expression} {'+&'[number % 2]} viewer) + parent->deep" if number % 2 else f"({expression})"
        schema = (
            "definition user {}\ndefinition folder {\n relation parent: folder\n relation viewer: user\n"
            f" permission deep = {expression}\n}}"
        )
        chain = [f"folder:f{number}#parent@folder:f{number + 1}" for number in range(40)]
        engine = _evaluation(*chain, "folder:f40#viewer@user:ann", schema=schema)
        assert engine.decide([(ANN, ("folder", "f0", "deep"))]) == [True]
