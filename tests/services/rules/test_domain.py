from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.rules.domain.difference import ChangeKind, differences
from function_backend.services.rules.domain.problem import DefinitionProblem
from function_backend.services.rules.domain.publication import Publication, Timeline

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def a_publication(number: int, start: int, length: int | None, ended: int | None, version: int = 1) -> Publication:
    return Publication(
        number=number,
        version=version,
        valid_from=day(start),
        valid_until=None if length is None else day(start + length),
        ended_at=None if ended is None else day(ended),
        published_at=START,
        publisher="user:ann",
        comment="",
    )


periods = st.lists(
    st.tuples(
        st.integers(0, 10),
        st.none() | st.integers(1, 5),
        st.none() | st.integers(0, 10),
        st.integers(1, 3),
    ),
    max_size=8,
)
scalars = st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"])
documents = st.dictionaries(
    st.sampled_from(["x", "y", "z"]),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "p"]), inner, max_size=2),
        max_leaves=6,
    ),
    max_size=3,
)


class TestTimelines:
    @given(periods, st.integers(-1, 16))
    def test_of_those_that_cover_a_time_the_one_that_began_last_and_was_made_last_counts(
        self, made: list[tuple[int, int | None, int | None, int]], asked: int
    ) -> None:
        publications = [a_publication(number, *each) for number, each in enumerate(made, start=1)]
        covering = [
            (start, number)
            for number, (start, length, ended, _) in enumerate(made, start=1)
            if start <= asked and (length is None or asked < start + length) and (ended is None or asked < ended)
        ]
        found = Timeline(publications).in_force(day(asked))
        assert (None if found is None else found.number) == (max(covering)[1] if covering else None)

    def test_before_the_current_one_comes_the_last_other_version_that_is_not_retired(self) -> None:
        made = [a_publication(number, number, None, None, version=number) for number in (1, 2, 3)]
        timeline = Timeline(made)
        assert timeline.before(made[2], retired=frozenset()) == 2
        assert timeline.before(made[2], retired=frozenset({2})) == 1
        assert timeline.before(made[0], retired=frozenset()) is None
        assert timeline.before(None, retired=frozenset()) == 3


class TestDifferences:
    @given(documents)
    def test_a_definition_does_not_differ_from_itself(self, document: dict[str, object]) -> None:
        assert differences(document, document) == []

    @given(documents, documents)
    def test_there_is_a_difference_wherever_there_is_one(
        self, before: dict[str, object], after: dict[str, object]
    ) -> None:
        same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
        assert (differences(before, after) == []) == same

    def test_a_rule_in_front_of_others_is_one_addition(self) -> None:
        before = {"rules": [{"id": "a", "condition": "x"}, {"id": "b", "condition": "y"}]}
        after = {"rules": [{"id": "new", "condition": "z"}, *before["rules"]]}
        assert [(each.kind, each.path) for each in differences(before, after)] == [(ChangeKind.ADDED, "rules[new]")]

    def test_rules_in_another_order_have_moved(self) -> None:
        before = {"rules": [{"id": "a"}, {"id": "b"}]}
        after = {"rules": [{"id": "b"}, {"id": "a"}]}
        assert [(each.kind, each.before, each.after) for each in differences(before, after)] == [
            (ChangeKind.MOVED, '["a", "b"]', '["b", "a"]')
        ]


class TestProblems:
    def test_a_problem_says_its_place_and_what_to_do(self) -> None:
        problem = DefinitionProblem(
            path="rule_set.rules[0].condition",
            message="unknown name 'amuont'",
            line=1,
            column=3,
            suggestion="did you mean 'amount'?",
        )
        assert problem.sentence == "line 1, column 3: unknown name 'amuont' (did you mean 'amount'?)"
