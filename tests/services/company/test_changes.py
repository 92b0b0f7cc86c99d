from __future__ import annotations

import pytest

from function_backend.kernel.errors import InvalidArgumentError
from function_backend.services.company.domain.changes import changed_fields, populated_fields, read_mask
from function_backend.services.company.domain.company import FIELDS, CompanyState, CompanyStatus
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.importing import merged
from function_backend.services.company.domain.ordering import Ordering, read_ordering
from tests.factories.company import a_state


def applied(state: CompanyState, values: CompanyState, *paths: str) -> CompanyState:
    return read_mask(paths, values).applied_to(state)


class TestMask:
    def test_it_sets_the_fields_it_names_and_leaves_the_others(self) -> None:
        before = a_state(jurisdiction="DE", labels={"a": "1"})
        after = applied(before, a_state(legal_name="New", jurisdiction="FR", labels={}), "legal_name", "labels")
        assert after == before._replace(legal_name="New", labels={})

    def test_without_paths_the_populated_fields_are_set(self) -> None:
        before = a_state(jurisdiction="DE", labels={"a": "1"})
        assert applied(before, CompanyState("", jurisdiction="FR")) == before._replace(jurisdiction="FR")

    def test_a_star_sets_everything(self) -> None:
        values = a_state(legal_name="New")
        assert applied(a_state(jurisdiction="DE", labels={"a": "1"}), values, "*") == values

    def test_one_label_is_set_or_removed_by_its_key(self) -> None:
        before = a_state(labels={"a": "1", "b": "2", "c": "3"})
        after = applied(before, a_state(labels={"a": "9", "d": "4"}), "labels.a", "labels.b")
        assert after.labels == {"c": "3", "a": "9"}

    def test_label_keys_may_have_dots(self) -> None:
        assert applied(a_state(), a_state(labels={"a.b": "1"}), "labels.a.b").labels == {"a.b": "1"}

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("legal_nam", "did you mean 'legal_name'?"),
            ("etag", "is set by the service"),
            ("legal_form.code", "name the whole field 'legal_form'"),
            ("nonsense-xyz", "there are legal_name"),
            ("", "is not a field"),
            ("labels.", "name the whole field 'labels'"),
        ],
    )
    def test_a_path_that_is_none_is_refused_with_advice(self, path: str, said: str) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            read_mask([path], a_state())
        (violation,) = refused.value.violations
        assert violation.field == "update_mask"
        assert said in violation.description

    def test_a_star_stands_alone(self) -> None:
        with pytest.raises(InvalidArgumentError):
            read_mask(["*", "labels"], a_state())

    def test_what_is_populated_is_what_differs_from_nothing(self) -> None:
        assert populated_fields(CompanyState("")) == frozenset()
        state = CompanyState("x", status=CompanyStatus.ACTIVE, labels={"a": ""})
        assert populated_fields(state) == {"legal_name", "status", "labels"}

    def test_changed_fields_stand_in_the_order_of_the_contract(self) -> None:
        before = a_state()
        assert changed_fields(before, before) == ()
        after = before._replace(labels={"a": "1"}, legal_name="New", jurisdiction="DE")
        assert changed_fields(before, after) == ("legal_name", "jurisdiction", "labels")
        assert set(changed_fields(before, after)) <= set(FIELDS)


class TestImportMerge:
    def test_identifiers_of_other_schemes_stay(self) -> None:
        existing = a_state(identifiers=(Identifier("lei", "L"), Identifier("us-cik", "1"), Identifier("us-ein", "2")))
        row = a_state(identifiers=(Identifier("us-cik", "1"), Identifier("us-ein", "3")))
        assert [item[:2] for item in merged(existing, row).identifiers] == [
            ("lei", "L"),
            ("us-cik", "1"),
            ("us-ein", "3"),
        ]

    def test_merging_again_changes_nothing(self) -> None:
        existing = a_state(identifiers=(Identifier("lei", "L"), Identifier("us-cik", "1")), labels={"a": "1"})
        row = a_state(identifiers=(Identifier("us-cik", "1"), Identifier("x-a", "2")))
        once = merged(existing, row)
        assert merged(once, row) == once

    def test_two_sources_do_not_take_turns_in_reordering(self) -> None:
        first = a_state(identifiers=(Identifier("us-cik", "1"), Identifier("us-ein", "2")))
        second = a_state(identifiers=(Identifier("us-cik", "1"), Identifier("x-a", "2")))
        both = merged(merged(first, second), first)
        assert merged(both, second) == both

    def test_what_the_row_does_not_say_stays(self) -> None:
        existing = a_state(jurisdiction="DE", labels={"a": "1"})
        assert merged(existing, CompanyState("New name")) == existing._replace(legal_name="New name")


class TestOrdering:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", Ordering("id")),
            ("  ", Ordering("id")),
            ("legal_name", Ordering("legal_name")),
            ("create_time asc", Ordering("create_time")),
            ("update_time  desc ", Ordering("update_time", descending=True)),
        ],
    )
    def test_a_field_and_a_direction(self, text: str, expected: Ordering) -> None:
        assert read_ordering(text) == expected

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("legal_nam", "did you mean 'legal_name'?"),
            ("qqq", "there are id"),
            ("id up", "must be a field and 'asc' or 'desc'"),
            ("id asc desc", "must be a field"),
            ("id, legal_name", "names more than one field"),
        ],
    )
    def test_anything_else_is_refused_with_advice(self, text: str, said: str) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            read_ordering(text)
        assert said in refused.value.message
