from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import UnavailableError
from function_backend.kernel.identity import Principal
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.service.keys import Keys
from function_backend.services.auth.service.tenants import make_tenant
from function_backend.vault.errors import SecretLostError
from tests.factories.auth import a_principal, calling
from tests.factories.keys import keys_with
from tests.fixtures import postgres

MakeTenant = Callable[[], Principal]


@pytest.fixture
def resources(resources: Resources, recorder: EventRecorder) -> Resources:
    recorder.learn(EVENT_PAYLOADS)
    return resources


@pytest.fixture
def new_tenant(resources: Resources) -> MakeTenant:
    def make() -> Principal:
        with calling(), resources.transactions() as work:
            made = make_tenant(
                work, name=f"t{uuid4().hex}", display_name="", permissions=frozenset({"*"}), clock=resources.clock
            )
        return a_principal(tenant_id=made.tenant.id)

    return make


@pytest.fixture
def caller(new_tenant: MakeTenant) -> Principal:
    return new_tenant()


@pytest.fixture
def keys(resources: Resources) -> Keys:
    return keys_with(resources, "new", "old")


def _seal(
    keys: Keys, resources: Resources, caller: Principal, secret: bytes = b"secret", *, purpose: str = "x"
) -> bytes:
    with calling(caller), resources.transactions() as work:
        return keys.vault.seal(work, secret, purpose=purpose)


def _open(keys: Keys, resources: Resources, caller: Principal, sealed: bytes, *, purpose: str = "x") -> bytes:
    with calling(caller), resources.transactions.reading() as work:
        return keys.vault.open(work, sealed, purpose=purpose)


class TestSealing:
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(secret=st.binary(max_size=300), purpose=st.text(max_size=40))
    def test_what_is_sealed_opens_again_and_is_not_in_the_text(
        self, keys: Keys, resources: Resources, caller: Principal, secret: bytes, purpose: str
    ) -> None:
        try:
            purpose.encode()
        except UnicodeEncodeError:
            return
        sealed = _seal(keys, resources, caller, secret, purpose=purpose)
        assert _open(keys, resources, caller, sealed, purpose=purpose) == secret
        assert len(secret) < 8 or secret not in sealed

    def test_it_opens_for_its_purpose_only(self, keys: Keys, resources: Resources, caller: Principal) -> None:
        sealed = _seal(keys, resources, caller, purpose="totp:1")
        with pytest.raises(SecretLostError):
            _open(keys, resources, caller, sealed, purpose="totp:2")

    def test_it_opens_for_its_tenant_only(
        self, keys: Keys, resources: Resources, caller: Principal, new_tenant: MakeTenant
    ) -> None:
        other = new_tenant()
        _seal(keys, resources, other)
        sealed = _seal(keys, resources, caller)
        with pytest.raises(SecretLostError):
            _open(keys, resources, other, sealed)

    def test_one_changed_bit_opens_nothing(self, keys: Keys, resources: Resources, caller: Principal) -> None:
        sealed = _seal(keys, resources, caller)
        for place in range(len(sealed)):
            changed = bytearray(sealed)
            changed[place] ^= 1
            with pytest.raises(SecretLostError):
                _open(keys, resources, caller, bytes(changed))

    def test_what_was_never_sealed_opens_nothing(self, keys: Keys, resources: Resources, caller: Principal) -> None:
        for text in (b"", b"\x01", b"\x01" * 29, b"\x00" * 80):
            with pytest.raises(SecretLostError):
                _open(keys, resources, caller, text)

    def test_a_tenant_has_one_data_key_which_the_database_cannot_read(
        self, keys: Keys, resources: Resources, caller: Principal, database: postgres.Database
    ) -> None:
        for _ in range(3):
            _seal(keys, resources, caller)
        rows = _data_keys(database, caller.tenant_id)
        assert [master for _, master in rows] == ["new"]
        assert len(rows[0][0]) == 1 + 12 + 32 + 16

    def test_what_is_rolled_back_leaves_no_key_behind(
        self, keys: Keys, resources: Resources, caller: Principal, database: postgres.Database
    ) -> None:
        with calling(caller), resources.transactions() as work:
            lost = keys.vault.seal(work, b"secret", purpose="x")
            assert keys.vault.open(work, lost, purpose="x") == b"secret"
            work.discard()
        assert _data_keys(database, caller.tenant_id) == []
        sealed = _seal(keys, resources, caller)
        keys.forget()
        assert _open(keys, resources, caller, sealed) == b"secret"


class TestShredding:
    def test_without_the_data_key_nothing_opens_ever_again(
        self, keys: Keys, resources: Resources, caller: Principal, database: postgres.Database
    ) -> None:
        sealed = _seal(keys, resources, caller)
        _open(keys, resources, caller, sealed)
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("delete from tenant_key where tenant_id = %s", (caller.tenant_id,))
        keys.revoked(f"tenant/{uuid4()}/{caller.tenant_id}")
        with pytest.raises(SecretLostError):
            _open(keys, resources, caller, sealed)
        _seal(keys, resources, caller)
        with pytest.raises(SecretLostError):
            _open(keys, resources, caller, sealed)

    def test_the_revocation_of_something_else_drops_no_key(
        self, keys: Keys, resources: Resources, caller: Principal
    ) -> None:
        sealed = _seal(keys, resources, caller)
        _open(keys, resources, caller, sealed)
        misses = keys.vault.cache.misses
        keys.revoked(f"session/{caller.tenant_id}/{uuid4()}")
        _open(keys, resources, caller, sealed)
        assert keys.vault.cache.misses == misses


class TestReplacingTheMasterKey:
    def test_keys_are_wrapped_anew_batch_by_batch_while_everything_opens(
        self, resources: Resources, new_tenant: MakeTenant
    ) -> None:
        before = keys_with(resources, "old")
        callers = [new_tenant() for _ in range(5)]
        sealed = [_seal(before, resources, caller) for caller in callers]
        before.signing_keys.ensure()
        between = keys_with(resources, "new", "old")
        left: list[int] = []
        with calling():
            while not left or left[-1]:
                done = between.master_keys.rewrap(2)
                assert 1 <= done.count <= 2
                left.append(done.remaining)
                for caller, text in zip(callers, sealed, strict=True):
                    assert _open(keys_with(resources, "new", "old"), resources, caller, text) == b"secret"
            assert between.master_keys.rewrap(2).count == 0
        assert left == sorted(left, reverse=True)
        after = keys_with(resources, "new")
        for caller, text in zip(callers, sealed, strict=True):
            assert _open(after, resources, caller, text) == b"secret"
        assert after.ring.signer()[0].algorithm == "ES256"

    def test_a_master_key_that_was_taken_away_too_soon_stops_it_and_may_come_back(
        self, resources: Resources, caller: Principal
    ) -> None:
        sealed = _seal(keys_with(resources, "old"), resources, caller)
        hasty = keys_with(resources, "new")
        with pytest.raises(UnavailableError):
            _open(hasty, resources, caller, sealed)
        with calling(), pytest.raises(UnavailableError, match="'old'"):
            hasty.master_keys.rewrap(0)
        assert _open(keys_with(resources, "new", "old"), resources, caller, sealed) == b"secret"


def _data_keys(database: postgres.Database, tenant_id: UUID) -> list[tuple[bytes, str]]:
    with psycopg.connect(database.superuser_url) as connection:
        query = "select wrapped_key, master_key_id from tenant_key where tenant_id = %s"
        return connection.execute(query, (tenant_id,)).fetchall()
