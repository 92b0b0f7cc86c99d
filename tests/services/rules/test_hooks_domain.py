from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.services.rules.domain.hook import INPUTS, RESULTS, Hook, HookChange, HookMode, in_order
from function_backend.services.rules.domain.publication import Timeline
from tests.services.rules.test_domain import a_publication, day, periods

_START = datetime(2026, 1, 1, tzinfo=UTC)
_COMPANY = "function.company.v1.Company"


def a_hook(*operations: str, name: str = "company.sanctions", order: int = 0) -> Hook:
    return Hook(
        id=uuid4(),
        name=name,
        definition="company.acceptance",
        operations=operations or ("company.create",),
        mode=HookMode.ENFORCE,
        enabled=True,
        order=order,
        description="",
        revision=1,
        created_at=_START,
        updated_at=_START,
        creator="user:ann",
    )


class TestFitting:
    @given(st.sets(st.sampled_from(sorted(INPUTS))), st.sampled_from(RESULTS))
    def test_any_of_the_inputs_with_their_types_fit(self, names: set[str], result: str) -> None:
        assert a_hook().misfits({name: INPUTS[name] for name in names}, result) == []

    @pytest.mark.parametrize("result", ["int", "list(int)", "map(string, bool)", _COMPANY])
    def test_a_result_that_is_no_answer_does_not(self, result: str) -> None:
        assert [misfit.path for misfit in a_hook().misfits({}, result)] == ["result_type"]

    def test_everything_that_does_not_fit_is_named(self) -> None:
        found = a_hook().misfits({"company": "string", "amount": "int", "actor": "string"}, "int")
        assert [misfit.path for misfit in found] == ["inputs.company", "inputs.amount", "result_type"]

    @pytest.mark.parametrize(
        ("operations", "fits"),
        [
            (["company.update"], True),
            (["company.create"], False),
            (["company.update", "company.create"], False),
            (["company.import"], False),
        ],
    )
    def test_a_company_before_is_sure_for_updates_alone(self, operations: list[str], fits: bool) -> None:  # noqa: FBT001
        assert (a_hook(*operations).misfits({"previous": _COMPANY}, "bool") == []) is fits


class TestChanging:
    def test_what_is_not_named_stays(self) -> None:
        hook = a_hook()
        changed = hook.changed(HookChange(enabled=False), at=day(1))
        assert (changed.enabled, changed.order, changed.mode) == (False, hook.order, hook.mode)
        assert (changed.revision, changed.updated_at) == (2, day(1))
        assert changed.etag != hook.etag

    def test_what_is_the_same_changes_nothing(self) -> None:
        hook = a_hook()
        assert hook.changed(HookChange(enabled=True, order=0, mode=HookMode.ENFORCE, description=""), at=day(1)) is hook


@given(st.lists(st.tuples(st.integers(-2, 2), st.sampled_from(["a", "b", "c"])), unique=True))
def test_hooks_come_in_their_order_and_then_by_name(made: list[tuple[int, str]]) -> None:
    hooks = [a_hook(order=order, name=name) for order, name in made]
    assert [(hook.order, hook.name) for hook in in_order(hooks)] == sorted(made)


@given(periods, st.integers(-1, 16))
def test_the_versions_from_a_time_on_are_those_in_force_then_or_later(
    made: list[tuple[int, int | None, int | None, int]], asked: int
) -> None:
    timeline = Timeline([a_publication(number, *each) for number, each in enumerate(made, start=1)])
    found = (timeline.in_force(day(number)) for number in range(asked, 40))
    assert timeline.versions_from(day(asked)) == {each.version for each in found if each is not None}
