from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import UnavailableError
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.auth import slice as auth
from function_backend.services.auth.adapters.authenticator import CredentialAuthenticator
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.errors.api_key import ApiKeyQuotaExceededError
from function_backend.services.auth.errors.credential import (
    CredentialExpiredError,
    CredentialInvalidError,
    CredentialRevokedError,
)
from function_backend.services.auth.errors.tenant import TenantSuspendedError
from function_backend.services.auth.service.tenants import NewTenant, make_tenant
from function_backend.services.auth.settings import AuthSettings
from tests.factories.auth import calling
from tests.factories.credentials import checking_of
from tests.factories.events import RefusingSink
from tests.fixtures import postgres


class _Epoch:
    """How long ago the worker last learned that nothing was revoked."""

    def __init__(self) -> None:
        self.age = 0.0

    def __call__(self) -> float:
        return self.age


@pytest.fixture
def epoch() -> _Epoch:
    return _Epoch()


@pytest.fixture
def made(resources: Resources, recorder: EventRecorder) -> NewTenant:
    recorder.learn(auth.build(resources, AuthSettings()).event_payloads)
    with calling(), resources.transactions() as work:
        return make_tenant(
            work, name=f"t{uuid4().hex}", display_name="", permissions=frozenset({"company.*"}), clock=resources.clock
        )


@pytest.fixture
def authenticator(resources: Resources, epoch: _Epoch) -> CredentialAuthenticator:
    return checking_of(replace(resources, epoch_age=epoch)).authenticator


@pytest.fixture
def apart(resources: Resources) -> CredentialAuthenticator:
    """One whose database cannot be reached."""
    unreachable = Database(DatabaseSettings(url="postgresql://nobody@127.0.0.1:1/nowhere"))
    return checking_of(replace(resources, transactions=Transactions(unreachable, RefusingSink()))).authenticator


@pytest.fixture
def change(database: postgres.Database, made: NewTenant) -> Callable[[str], None]:
    """Changes the key's row behind the authenticator's back."""

    def run(assignment: str) -> None:
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(f"update api_key set {assignment} where id = %s".encode(), (made.api_key.id,))

    return run


class TestVerifying:
    def test_a_key_is_its_tenants_caller_with_its_permissions_and_what_all_hold(
        self, authenticator: CredentialAuthenticator, made: NewTenant
    ) -> None:
        principal = authenticator.authenticate(made.secret)
        assert (principal.kind, principal.id, principal.tenant_id) == ("api_key", made.api_key.id, made.tenant.id)
        assert principal.permissions.patterns == {"company.*", "auth.self.read"}

    def test_it_needs_no_call_and_no_tenant(self, authenticator: CredentialAuthenticator, made: NewTenant) -> None:
        with calling() as call:
            call.principal = None
            assert authenticator.authenticate(made.secret).id == made.api_key.id

    @pytest.mark.parametrize("text", ["", "x", "fbk_", "fbk_" + "0" * 71, "é" * 75, "\ud800", "fbk_" + "é" * 71])
    def test_what_is_no_credential_is_refused_without_asking_anybody(
        self, apart: CredentialAuthenticator, text: str
    ) -> None:
        with pytest.raises(CredentialInvalidError):
            apart.authenticate(text)

    def test_what_may_be_a_foreign_key_cannot_be_judged_before_the_database_has_answered(
        self, apart: CredentialAuthenticator
    ) -> None:
        for _ in range(3):
            with pytest.raises(UnavailableError):
                apart.authenticate("sk_live_0123456789abcdef")

    def test_a_well_formed_key_that_nobody_made_is_refused(self, authenticator: CredentialAuthenticator) -> None:
        with pytest.raises(CredentialInvalidError):
            authenticator.authenticate(mint(uuid4()).text)

    def test_the_id_of_a_key_with_another_secret_is_refused(
        self, authenticator: CredentialAuthenticator, made: NewTenant
    ) -> None:
        authenticator.authenticate(made.secret)
        with pytest.raises(CredentialInvalidError):
            authenticator.authenticate(mint(made.api_key.id).text)

    def test_a_revoked_key_is_refused(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        change("revoked_at = now()")
        with pytest.raises(CredentialRevokedError):
            authenticator.authenticate(made.secret)

    def test_an_expired_key_is_refused_and_told_since_when(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        change("expires_at = '2026-01-02T03:04:05Z'")
        with pytest.raises(CredentialExpiredError) as refused:
            authenticator.authenticate(made.secret)
        assert refused.value.metadata == {"expired_at": "2026-01-02T03:04:05Z"}

    def test_a_key_of_a_suspended_tenant_is_refused(
        self, authenticator: CredentialAuthenticator, made: NewTenant, database: postgres.Database
    ) -> None:
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("update tenant set state = 'suspended' where tenant_id = %s", (made.tenant.id,))
        with pytest.raises(TenantSuspendedError):
            authenticator.authenticate(made.secret)


class TestQuota:
    def test_a_key_makes_its_calls_of_the_day_and_no_more(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        change("max_calls_per_day = 3")
        for _ in range(3):
            authenticator.authenticate(made.secret)
        with pytest.raises(ApiKeyQuotaExceededError) as refused:
            authenticator.authenticate(made.secret)
        assert refused.value.metadata == {"max_calls_per_day": "3"}
        assert refused.value.retry_after is not None
        assert timedelta() < refused.value.retry_after <= timedelta(days=1)


class TestRemembering:
    def test_a_verified_key_is_not_asked_for_again(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        authenticator.authenticate(made.secret)
        change("rate_limit_per_second = 9")
        assert authenticator.authenticate(made.secret).rate_limit_per_second == 0

    @pytest.mark.parametrize("kind", ["api_key", "tenant", "role", "subject"])
    def test_what_a_revocation_names_is_asked_for_again(
        self,
        authenticator: CredentialAuthenticator,
        made: NewTenant,
        change: Callable[[str], None],
        kind: str,
    ) -> None:
        authenticator.authenticate(made.secret)
        change("revoked_at = now()")
        named = {"api_key": made.api_key.id, "subject": made.api_key.id}.get(kind, made.tenant.id)
        authenticator.forget_revoked(f"{kind}/{made.tenant.id}/{named}")
        with pytest.raises(CredentialRevokedError):
            authenticator.authenticate(made.secret)

    def test_the_revocation_of_another_key_leaves_it_remembered(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        authenticator.authenticate(made.secret)
        change("rate_limit_per_second = 9")
        authenticator.forget_revoked(f"api_key/{made.tenant.id}/{uuid4()}")
        assert authenticator.authenticate(made.secret).rate_limit_per_second == 0

    def test_an_epoch_that_was_told_leaves_the_rest_remembered_and_one_that_was_not_does_not(
        self, authenticator: CredentialAuthenticator, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        authenticator.find_epoch("7")
        authenticator.authenticate(made.secret)
        change("rate_limit_per_second = 9")
        for told in ("8", "9"):
            authenticator.hear_epoch(told)
        authenticator.find_epoch("9")
        assert authenticator.authenticate(made.secret).rate_limit_per_second == 0
        authenticator.hear_epoch("11")
        authenticator.find_epoch("11")
        assert authenticator.authenticate(made.secret).rate_limit_per_second == 9

    def test_a_text_that_names_nothing_is_an_error_for_the_listener_which_then_drops_everything(
        self, authenticator: CredentialAuthenticator
    ) -> None:
        with pytest.raises(ValueError, match="unpack"):
            authenticator.forget_revoked("nonsense")

    def test_it_expires_in_memory_too(
        self, resources: Resources, made: NewTenant, change: Callable[[str], None]
    ) -> None:
        now = datetime.now(UTC)

        class Clock:
            def __init__(self) -> None:
                self.time = now

            def now(self) -> datetime:
                return self.time

        clock = Clock()
        authenticator = checking_of(replace(resources, clock=clock)).authenticator
        change(f"expires_at = '{(now + timedelta(hours=1)).isoformat()}'")
        authenticator.authenticate(made.secret)
        clock.time = now + timedelta(hours=1)
        with pytest.raises(CredentialExpiredError):
            authenticator.authenticate(made.secret)

    def test_while_nothing_is_heard_memory_counts_for_a_moment_only(
        self,
        authenticator: CredentialAuthenticator,
        epoch: _Epoch,
        made: NewTenant,
        change: Callable[[str], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        authenticator.authenticate(made.secret)
        change("revoked_at = now()")
        epoch.age = math.inf
        monkeypatch.setattr("function_backend.services.auth.adapters.authenticator.TRUSTED_SECONDS", 0.0)
        with pytest.raises(CredentialRevokedError):
            authenticator.authenticate(made.secret)


class TestDatabaseAway:
    def test_an_unknown_key_cannot_be_judged(self, apart: CredentialAuthenticator) -> None:
        with pytest.raises(UnavailableError) as away:
            apart.authenticate(mint(uuid4()).text)
        assert away.value.metadata == {"dependency": "database"}
        assert away.value.retry_after is not None
