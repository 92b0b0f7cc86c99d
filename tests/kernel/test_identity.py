"""What a caller may do in a call, and what it may hand on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from function_backend.kernel.conditions import Circumstances, GrantCondition
from function_backend.kernel.identity import (
    BorrowedPermissions,
    ConditionalPermissions,
    PermissionSet,
    Principal,
    ResourceScope,
    ScopedPermissions,
)
from function_backend.kernel.step_up import StepUp

_NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
_NAMES = ["a.read", "a.write", "a.b.read", "b.read"]
_PATTERNS = st.frozensets(st.sampled_from([*_NAMES, "a.*", "a.b.*", "b.*", "*"]))
_LABELS = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]), max_size=2)
_IDS = [UUID(int=1), UUID(int=2)]


@st.composite
def _scopes(draw: st.DrawFn) -> ResourceScope:
    kind = draw(st.sampled_from(["company", "document"]))
    if draw(st.booleans()):
        return ResourceScope(kind, draw(st.sampled_from(_IDS)))
    return ResourceScope(kind, labels=tuple(sorted(draw(_LABELS).items())))


def _set(*patterns: str) -> PermissionSet:
    return PermissionSet(frozenset(patterns))


def _principal(*patterns: str, **more: object) -> Principal:
    return Principal("user", uuid4(), uuid4(), _set(*patterns), **more)  # type: ignore[arg-type]


def _around(principal: Principal) -> Circumstances:
    return Circumstances(caller=principal, now=_NOW, address=None)


class TestPermissionSet:
    @given(ours=_PATTERNS, theirs=_PATTERNS)
    def test_what_both_hold_is_allowed_exactly_where_both_allow(
        self, ours: frozenset[str], theirs: frozenset[str]
    ) -> None:
        one, other = PermissionSet(ours), PermissionSet(theirs)
        both = one.within(other)
        for name in _NAMES:
            assert both.allows(name) == (one.allows(name) and other.allows(name))

    @given(own=_PATTERNS, borrowed=_PATTERNS)
    def test_what_is_borrowed_allows_and_covers_nothing(self, own: frozenset[str], borrowed: frozenset[str]) -> None:
        permissions = BorrowedPermissions(PermissionSet(own), borrowed)
        for name in _NAMES:
            assert permissions.allows(name) == (PermissionSet(own).allows(name) or PermissionSet(borrowed).allows(name))
            assert permissions.covers(name) == PermissionSet(own).covers(name)


class TestScopes:
    @given(outer=_scopes(), inner=_scopes(), labels=_LABELS, resource=st.sampled_from(_IDS))
    def test_a_scope_includes_another_only_if_every_resource_of_that_is_one_of_its_own(
        self, outer: ResourceScope, inner: ResourceScope, labels: dict[str, str], resource: UUID
    ) -> None:
        def holds(scope: ResourceScope) -> bool:
            if scope.resource_id is not None:
                return scope.resource_id == resource
            return dict(scope.labels).items() <= labels.items()

        if outer.includes(inner) and holds(inner):
            assert holds(outer)
            assert outer.resource_type == inner.resource_type

    @given(scope=_scopes())
    def test_every_scope_includes_itself_and_is_in_that_of_its_whole_type(self, scope: ResourceScope) -> None:
        assert scope.includes(scope)
        assert ResourceScope(scope.resource_type).includes(scope)

    def test_scopes_are_those_of_the_type_asked_for(self) -> None:
        company, document = ResourceScope("company", _IDS[0]), ResourceScope("document", _IDS[0])
        somebody = _principal(scoped=tuple(ScopedPermissions(_set("*"), scope) for scope in (company, document)))
        assert somebody.scopes_of("a.read", "company") == (company,)
        assert somebody.scopes_of("a.read") == (company, document)
        assert replace(somebody, permissions=_set("a.*")).scopes_of("a.read", "company") is None


class TestSettled:
    def test_only_what_meets_its_terms_counts(self) -> None:
        scope = ResourceScope("company")
        met = GrantCondition(expires_at=_NOW + timedelta(seconds=1))
        unmet = GrantCondition(networks=(ip_network("10.0.0.0/8"),))
        strong = StepUp(second_factor=True, max_age=None)
        somebody = _principal(
            "a.read",
            conditional=(
                _held("a.write", condition=met),
                _held("b.read", condition=unmet),
                _held("b.write", step_up=strong),
                _held("c.read", scope=scope, condition=met),
                _held("d.read", scope=scope, condition=unmet),
                _held("e.read", scope=scope, condition=met, step_up=strong),
            ),
        )
        settled = somebody.settled(_around(somebody))
        assert settled.permissions.patterns == {"a.read", "a.write"}
        assert [held.permissions.patterns for held in settled.scoped] == [{"c.read"}]
        assert settled.permissions.covers("a.read")
        assert not settled.permissions.covers("a.write")
        assert not settled.covers("c.read", scope)
        with_factor = replace(somebody, authentication_methods=frozenset({"mfa"}))
        settled = with_factor.settled(_around(with_factor))
        assert settled.permissions.patterns == {"a.read", "a.write", "b.write"}
        # Whoever has signed in as the role demands holds what it grants.
        assert settled.permissions.covers("b.write")
        assert [held.permissions.patterns for held in settled.scoped] == [{"c.read"}, {"e.read"}]

    def test_the_sign_in_that_would_help_is_named_and_no_other(self) -> None:
        strong = StepUp(second_factor=True, max_age=None)
        unmet = GrantCondition(expires_at=_NOW)
        somebody = _principal(
            conditional=(
                _held("a.read", step_up=strong),
                _held("b.read", step_up=strong, condition=unmet),
                _held("c.read", step_up=strong, scope=ResourceScope("company")),
                _held("d.read", condition=unmet),
            )
        )
        around = _around(somebody)
        assert somebody.missing_step_up("a.read", "", around) == strong
        assert somebody.missing_step_up("b.read", "", around) is None
        assert somebody.missing_step_up("c.read", "", around) is None
        assert somebody.missing_step_up("c.read", "company", around) == strong
        assert somebody.missing_step_up("d.read", "", around) is None


def _held(
    pattern: str,
    *,
    scope: ResourceScope | None = None,
    condition: GrantCondition | None = None,
    step_up: StepUp | None = None,
) -> ConditionalPermissions:
    return ConditionalPermissions(permissions=_set(pattern), scope=scope, condition=condition, step_up=step_up)
