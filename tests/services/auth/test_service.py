from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.audit import audit_record_table
from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import InvalidArgumentError
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.kernel.pagination import InvalidPageTokenError
from function_backend.resources import Resources
from function_backend.services.auth import slice as auth
from function_backend.services.auth.adapters.states import Subjects
from function_backend.services.auth.domain.api_key import ApiKey, KeyWish
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.key_text import digest, key_id
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.errors.api_key import ApiKeyNotFoundError
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.errors.tenant import TenantNameTakenError, TenantNotFoundError
from function_backend.services.auth.repository.entitlement import EntitlementRepository
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.first_tenant import ensure_default_tenant
from function_backend.services.auth.service.granting import KeyOwners
from function_backend.services.auth.service.guards import RoleGuards
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.service.user_notices import UserNotices
from function_backend.services.auth.settings import AuthSettings
from tests.factories.auth import a_principal, calling
from tests.fixtures import postgres


@pytest.fixture
def resources(resources: Resources, recorder: EventRecorder) -> Resources:
    """The shared resources, with a recorder that knows the events of this slice."""
    recorder.learn(auth.build(resources, AuthSettings()).event_payloads)
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
def api_keys(resources: Resources) -> ApiKeyService:
    catalogue = PermissionCatalogue(resources.permission_catalogue)
    built_in = BuiltInRoles(catalogue)
    guards = RoleGuards(built_in, resources.clock, resources.transactions)
    entitlements = EntitlementRepository(built_in.by_id, now=resources.clock.now)
    return ApiKeyService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        catalogue=catalogue,
        owners=KeyOwners(subjects=Subjects(), standing=Standing(entitlements, guards, guards)),
        administrators=guards,
        notices=UserNotices(resources.notices),
    )


@pytest.fixture
def caller(tenants: TenantService) -> Principal:
    """The administrator of a tenant that exists."""
    return _administrator(tenants)


def _administrator(tenants: TenantService) -> Principal:
    with calling():
        made = tenants.create(f"t{uuid4().hex}", "")
    return Principal("api_key", made.api_key.id, made.tenant.id, PermissionSet(frozenset({"*"})))


def _wish(*permissions: str, expires_at: datetime | None = None) -> KeyWish:
    return KeyWish(
        display_name="Nightly import",
        permissions=permissions or ("company.read",),
        rate_limit_per_second=7,
        expires_at=expires_at,
    )


def _audited(resources: Resources, principal: Principal) -> list[str]:
    with calling(principal), resources.transactions.reading() as work:
        query = audit_record_table.select().order_by(audit_record_table.c.seq)
        return [row.event_type.rpartition(".")[2] for row in work.connection.execute(query)]


class TestCreatingATenant:
    def test_it_comes_with_a_key_that_administers_it_and_nothing_else(self, tenants: TenantService) -> None:
        name = f"acme-{uuid4().hex}"
        with calling() as call:
            made = tenants.create(name, "")
        held = PermissionSet(made.api_key.permissions)
        assert (made.tenant.name, made.tenant.display_name) == (name, name)
        assert made.api_key.tenant_id == made.tenant.id
        assert made.api_key.creator == (call.principal and call.principal.actor)
        assert held.allows("company.create")
        assert held.allows("auth.api_key.create")
        assert not held.allows("auth.tenant.create")
        assert key_id(made.secret) == made.api_key.id

    def test_it_is_recorded_with_whoever_did_it(self, tenants: TenantService, resources: Resources) -> None:
        principal = a_principal()
        with calling(principal):
            tenants.create(f"t{uuid4().hex}", "Some tenant")
        assert _audited(resources, principal) == ["TenantCreated", "ApiKeyCreated"]

    def test_a_taken_name_is_refused_and_leaves_nothing(self, tenants: TenantService, resources: Resources) -> None:
        name, principal = f"t{uuid4().hex}", a_principal()
        with calling():
            tenants.create(name, "")
        with calling(principal), pytest.raises(TenantNameTakenError) as refused:
            tenants.create(name, "")
        assert refused.value.metadata == {"name": name}
        assert _audited(resources, principal) == []

    def test_a_tenant_that_has_keys_gets_no_first_one(self, database: postgres.Database, caller: Principal) -> None:
        with (
            psycopg.connect(database.app_url, autocommit=True) as connection,
            pytest.raises(psycopg.Error, match="has keys already"),
        ):
            connection.execute(
                "select create_first_api_key(%s, %s, %s, 'x', '{*}', now(), 'x')",
                (caller.tenant_id, uuid4(), b"planted"),
            )


class TestReadingTenants:
    def test_callers_see_their_own(self, tenants: TenantService, caller: Principal) -> None:
        narrow = a_principal("auth.tenant.read", tenant_id=caller.tenant_id)
        with calling(narrow):
            assert tenants.get(None) == tenants.get(caller.tenant_id)
            assert tenants.get(None).id == caller.tenant_id

    def test_another_one_does_not_exist_for_them(self, tenants: TenantService, caller: Principal) -> None:
        theirs = _administrator(tenants).tenant_id
        with calling(a_principal("auth.tenant.read", tenant_id=caller.tenant_id)):
            for unseen in (theirs, uuid4()):
                with pytest.raises(TenantNotFoundError) as refused:
                    tenants.get(unseen)
                assert refused.value.metadata == {"tenant_id": str(unseen)}

    def test_who_may_list_them_may_read_each(self, tenants: TenantService, caller: Principal) -> None:
        theirs = _administrator(tenants).tenant_id
        with calling(caller):
            assert tenants.get(theirs).id == theirs

    def test_they_are_listed_page_by_page_in_order_of_id(self, tenants: TenantService, caller: Principal) -> None:
        for _ in range(5):
            _administrator(tenants)
        with calling(caller):
            everything, token = tenants.list(1000, "")
            assert token == ""
            found: list[Tenant] = []
            while True:
                page, token = tenants.list(2, token)
                assert len(page.items) <= 2
                found.extend(page.items)
                if not token:
                    break
        assert found == list(everything.items)
        assert [tenant.id for tenant in found] == sorted(tenant.id for tenant in found)

    def test_the_token_of_another_list_is_refused(
        self, tenants: TenantService, api_keys: ApiKeyService, caller: Principal
    ) -> None:
        with calling(caller):
            api_keys.create(_wish())
            _, token = tenants.list(1, "")
            with pytest.raises(InvalidPageTokenError):
                api_keys.list(1, token, show_revoked=False)


class TestCreatingAKey:
    def test_it_carries_what_was_wished_and_its_secret_is_stored_as_a_digest_only(
        self, api_keys: ApiKeyService, caller: Principal, database: postgres.Database
    ) -> None:
        expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
        with calling(caller):
            made = api_keys.create(_wish("company.read", "auth.*", expires_at=expires_at))
            found = api_keys.get(made.api_key.id).api_key
        assert found == made.api_key
        assert found.permissions == {"company.read", "auth.*"}
        assert (found.rate_limit_per_second, found.expires_at, found.creator) == (7, expires_at, caller.actor)
        with psycopg.connect(database.superuser_url) as connection:
            row = connection.execute("select k, k.digest from api_key k where id = %s", (found.id,)).fetchone()
        assert row is not None
        assert made.secret not in str(row[0])
        assert row[1] == digest(made.secret)

    def test_nobody_grants_what_it_does_not_hold(self, api_keys: ApiKeyService, caller: Principal) -> None:
        narrow = a_principal("company.*", "auth.api_key.create", tenant_id=caller.tenant_id)
        for permission in ("*", "auth.*", "auth.tenant.create"):
            with calling(narrow), pytest.raises(PermissionEscalationError) as refused:
                api_keys.create(_wish("company.read", permission))
            assert refused.value.metadata == {"permission": permission}
        with calling(narrow):
            api_keys.create(_wish("company.*", "auth.api_key.create"))

    def test_an_unknown_permission_is_refused_with_the_nearest_one(
        self, api_keys: ApiKeyService, caller: Principal
    ) -> None:
        with calling(caller), pytest.raises(InvalidArgumentError) as refused:
            api_keys.create(_wish("company.read", "company.reed"))
        (violation,) = refused.value.violations
        assert violation.field == "permissions[1]"
        assert "did you mean 'company.read'?" in violation.description

    def test_one_that_has_expired_already_is_refused(self, api_keys: ApiKeyService, caller: Principal) -> None:
        with calling(caller), pytest.raises(InvalidArgumentError) as refused:
            api_keys.create(_wish(expires_at=datetime.now(UTC)))
        assert refused.value.violations[0].field == "expire_time"


class TestReadingKeys:
    def test_a_key_of_another_tenant_does_not_exist(
        self, api_keys: ApiKeyService, tenants: TenantService, caller: Principal
    ) -> None:
        with calling(_administrator(tenants)):
            theirs = api_keys.create(_wish()).api_key.id
        with calling(caller):
            for unseen in (theirs, uuid4()):
                with pytest.raises(ApiKeyNotFoundError):
                    api_keys.get(unseen)
                with pytest.raises(ApiKeyNotFoundError):
                    api_keys.revoke(unseen)

    def test_they_are_listed_page_by_page_without_those_that_no_longer_work(
        self, api_keys: ApiKeyService, caller: Principal, database: postgres.Database
    ) -> None:
        with calling(caller):
            made = [api_keys.create(_wish()).api_key for _ in range(6)]
            api_keys.revoke(made[1].id)
            _expire(database, made[3].id)
            usable = _walk(api_keys, show_revoked=False)
            everything = _walk(api_keys, show_revoked=True)
        gone = {made[1].id, made[3].id}
        assert {key.id for key in everything} >= {key.id for key in made}
        assert [key.id for key in usable] == [key.id for key in everything if key.id not in gone]


class TestRevoking:
    def test_it_is_recorded_once_however_often_it_is_asked_for(
        self, api_keys: ApiKeyService, resources: Resources, caller: Principal
    ) -> None:
        with calling(caller):
            made = api_keys.create(_wish()).api_key
            first = api_keys.revoke(made.id)
            second = api_keys.revoke(made.id)
        assert first.revoked_at is not None
        assert second == first
        assert _audited(resources, caller) == ["ApiKeyCreated", "ApiKeyRevoked"]

    def test_the_epoch_moves_with_it(
        self, api_keys: ApiKeyService, caller: Principal, database: postgres.Database
    ) -> None:
        epochs = []
        with psycopg.connect(database.app_url, autocommit=True) as connection, calling(caller):
            for _ in range(2):
                epochs.append(connection.execute("select epoch from auth_epoch").fetchone())
                api_keys.revoke(api_keys.create(_wish()).api_key.id)
            epochs.append(connection.execute("select epoch from auth_epoch").fetchone())
        assert [epoch and epoch[0] for epoch in epochs] == [(epochs[0] or (0,))[0] + more for more in range(3)]


class TestFirstStart:
    def test_the_default_tenant_is_made_once_with_a_key_for_everything(
        self, resources: Resources, tenants: TenantService
    ) -> None:
        secret = ensure_default_tenant(resources.transactions, resources.clock)
        assert secret is not None
        assert ensure_default_tenant(resources.transactions, resources.clock) is None
        with calling():
            page, _ = tenants.list(1000, "")
        assert [tenant.name for tenant in page.items].count("default") == 1


def _walk(api_keys: ApiKeyService, *, show_revoked: bool) -> list[ApiKey]:
    found: list[ApiKey] = []
    token = ""
    while True:
        page, token = api_keys.list(2, token, show_revoked=show_revoked)
        found.extend(seen.api_key for seen in page.items)
        if not token:
            return found


def _expire(database: postgres.Database, api_key_id: UUID) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("update api_key set expires_at = now() - interval '1 s' where id = %s", (api_key_id,))
