from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_backend.kernel.clock import SystemClock
from function_backend.kernel.identifiers import new_id
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.domain.tenant_change import TenantDraft, UnknownPathError
from function_backend.services.auth.domain.tenant_settings import FIELDS, Grant, TenantRules, TenantSettings
from function_backend.services.auth.events.tenant import TenantCreated

_SESSIONS = st.none() | st.integers(60, 365 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
_SETTINGS = st.builds(
    TenantSettings,
    password_min_length=st.none() | st.integers(8, 128),
    second_factor_required=st.none() | st.booleans(),
    password_history=st.none() | st.integers(0, 24),
    session_idle_lifetime=_SESSIONS,
    session_absolute_lifetime=_SESSIONS,
    access_token_lifetime=st.none() | st.integers(60, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    refresh_token_lifetime=_SESSIONS,
    allowed_grants=st.none() | st.frozensets(st.sampled_from(Grant)),
)


def _tenant(settings: TenantSettings | None = None) -> Tenant:
    return Tenant(
        id=new_id(),
        name="acme",
        display_name="Acme",
        created_at=SystemClock().now(),
        settings=settings or TenantSettings(),
    )


class TestDecisions:
    @given(settings=_SETTINGS)
    def test_they_are_stored_and_read_as_they_were(self, settings: TenantSettings) -> None:
        assert TenantSettings.from_document(settings.document()) == settings

    @given(settings=_SETTINGS)
    def test_they_count_before_those_of_the_installation(self, settings: TenantSettings) -> None:
        default = TenantRules(password_min_length=17)
        rules = settings.rules(default)
        for field in FIELDS:
            own = getattr(settings, field)
            assert getattr(rules, field) == (getattr(default, field) if own is None else own)

    def test_what_a_later_release_knows_does_no_harm(self) -> None:
        document = {"password_history": 3, "later": [1], "allowed_grants": ["password", "later"]}
        assert TenantSettings.from_document(document) == TenantSettings(
            password_history=3, allowed_grants=frozenset({Grant.PASSWORD})
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("password_min_length", 7),
            ("password_min_length", 129),
            ("password_history", -1),
            ("password_history", 25),
            ("session_idle_lifetime", timedelta(seconds=59)),
            ("session_absolute_lifetime", timedelta(days=366)),
            ("access_token_lifetime", timedelta(seconds=3601)),
            ("access_token_lifetime", timedelta(seconds=59)),
            ("refresh_token_lifetime", timedelta()),
        ],
    )
    def test_one_out_of_bounds_is_refused_by_name(self, field: str, value: object) -> None:
        with pytest.raises(ValueError, match=field):
            TenantSettings(**{field: value})  # type: ignore[arg-type]

    @given(settings=_SETTINGS)
    def test_their_digest_can_be_taken_for_the_audit_trail(self, settings: TenantSettings) -> None:
        digest = TenantCreated.of(_tenant(settings)).after_digest
        assert digest is not None
        assert len(digest) == 32


class TestChanging:
    def test_without_a_mask_what_has_a_value_is_set(self) -> None:
        tenant = _tenant(TenantSettings(password_history=5, password_min_length=20))
        draft = TenantDraft(display_name="", settings=TenantSettings(password_history=0))
        assert draft.applied_to(tenant, []) == ("Acme", TenantSettings(password_history=0, password_min_length=20))

    def test_with_a_mask_what_it_names_is_set_or_given_back(self) -> None:
        tenant = _tenant(TenantSettings(password_history=5, password_min_length=20))
        draft = TenantDraft(display_name="Renamed", settings=TenantSettings(second_factor_required=True))
        for mask, name, settings in (
            (["settings.password_history"], "Acme", TenantSettings(password_min_length=20)),
            (["display_name"], "Renamed", tenant.settings),
            (["settings"], "Acme", TenantSettings(second_factor_required=True)),
            (["*"], "Renamed", TenantSettings(second_factor_required=True)),
        ):
            assert draft.applied_to(tenant, mask) == (name, settings)

    def test_a_name_that_is_given_back_is_the_short_one(self) -> None:
        draft = TenantDraft(display_name="", settings=TenantSettings())
        assert draft.applied_to(_tenant(), ["display_name"]) == ("acme", TenantSettings())

    @pytest.mark.parametrize("path", ["name", "id", "state", "settings.", "settings.later", "parent_id", "**", ""])
    def test_anything_else_is_no_field(self, path: str) -> None:
        with pytest.raises(UnknownPathError):
            TenantDraft(display_name="", settings=TenantSettings()).applied_to(_tenant(), ["display_name", path])

    def test_a_change_to_the_same_is_none(self) -> None:
        tenant = _tenant()
        assert tenant.changed(display_name="Acme", settings=TenantSettings(), at=tenant.created_at) is tenant
        assert tenant.changed(display_name="Other", settings=TenantSettings(), at=tenant.created_at).etag != tenant.etag
