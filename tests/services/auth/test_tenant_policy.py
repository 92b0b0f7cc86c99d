from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identity import Principal
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant_change import TenantDraft
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules, TenantSettings
from function_backend.services.auth.service.tenant_policy import TenantPolicy
from function_backend.services.auth.service.tenants import TenantService
from tests.factories.auth import a_principal, calling

_DEFAULT = TenantRules(access_token_lifetime=timedelta(minutes=7))


@pytest.fixture
def resources(resources: Resources, recorder: EventRecorder) -> Resources:
    recorder.learn(EVENT_PAYLOADS)
    return resources


@pytest.fixture
def tenants(resources: Resources) -> TenantService:
    return TenantService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        catalogue=PermissionCatalogue(resources.permission_catalogue),
    )


@pytest.fixture
def caller(tenants: TenantService) -> Principal:
    with calling():
        return a_principal(tenant_id=tenants.create(f"t{uuid4().hex}", "").tenant.id)


def _rules(policy: TenantPolicy, resources: Resources, caller: Principal) -> TenantRules:
    with calling(caller), resources.transactions.reading() as work:
        return policy.of(work)


def _decide(tenants: TenantService, caller: Principal, settings: TenantSettings) -> None:
    with calling(caller):
        tenants.update(None, TenantDraft(display_name="", settings=settings), mask=[], etag="")


def test_a_tenant_that_decided_nothing_follows_the_installation(resources: Resources, caller: Principal) -> None:
    assert _rules(TenantPolicy(_DEFAULT), resources, caller) == _DEFAULT


def test_a_tenant_that_does_not_exist_follows_it_too(resources: Resources) -> None:
    assert _rules(TenantPolicy(_DEFAULT), resources, a_principal()) == _DEFAULT


def test_what_it_decides_counts_for_it_alone(resources: Resources, tenants: TenantService, caller: Principal) -> None:
    with calling():
        other = a_principal(tenant_id=tenants.create(f"t{uuid4().hex}", "").tenant.id)
    policy = TenantPolicy(_DEFAULT)
    _decide(tenants, caller, TenantSettings(password_history=4, allowed_grants=frozenset({Grant.CLIENT_CREDENTIALS})))
    rules = _rules(policy, resources, caller)
    assert (rules.password_history, rules.allowed_grants) == (4, frozenset({Grant.CLIENT_CREDENTIALS}))
    assert rules.access_token_lifetime == timedelta(minutes=7)
    assert _rules(policy, resources, other) == _DEFAULT


@pytest.mark.parametrize("named", [True, False])
def test_what_is_remembered_is_dropped_when_a_change_is_heard(
    resources: Resources, tenants: TenantService, caller: Principal, *, named: bool
) -> None:
    policy = TenantPolicy(_DEFAULT)
    _rules(policy, resources, caller)
    _decide(tenants, caller, TenantSettings(password_history=9))
    assert _rules(policy, resources, caller).password_history == 0
    policy.forget(str(caller.tenant_id) if named else "")
    assert _rules(policy, resources, caller).password_history == 9
