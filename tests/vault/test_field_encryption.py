"""Values that are sealed for one place of one tenant, and what stands for them in an index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identity import Principal
from function_backend.persistence.engine import Database
from function_backend.persistence.field_cipher import NotSealableError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.names import fold
from function_backend.services.auth.service.tenants import make_tenant
from function_backend.vault.errors import SecretLostError
from function_backend.vault.index_keys import BLIND_MARK, blind_index, derived_key
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault
from tests.factories.auth import a_principal, calling
from tests.factories.keys import SetClock, master_key
from tests.fixtures import postgres

MakeTenant = Callable[[], Principal]

_FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
_PLACES = st.from_regex(r"[a-z_]{1,20}\.[a-z_]{1,20}:[0-9a-f-]{1,36}", fullmatch=True)


@pytest.fixture
def new_tenant(resources: Resources, recorder: EventRecorder) -> MakeTenant:
    recorder.learn(EVENT_PAYLOADS)

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


def _seal(transactions: Transactions, caller: Principal, text: bytes, purpose: str) -> bytes:
    with calling(caller), transactions() as work:
        return work.fields.seal(text, purpose=purpose)


def _open(transactions: Transactions, caller: Principal, sealed: bytes, purpose: str) -> bytes:
    with calling(caller), transactions.reading() as work:
        return work.fields.open(sealed, purpose=purpose)


def _blind(transactions: Transactions, caller: Principal, value: str, index: str = "user.email") -> str:
    with calling(caller), transactions() as work:
        return work.fields.blind(value, index=index)


class TestSealing:
    @_FEW
    @given(text=st.binary(max_size=500), purpose=_PLACES)
    def test_what_is_sealed_opens_again_and_is_not_in_the_text(
        self, transactions: Transactions, caller: Principal, text: bytes, purpose: str
    ) -> None:
        sealed = _seal(transactions, caller, text, purpose)
        assert _open(transactions, caller, sealed, purpose) == text
        assert len(text) < 8 or text not in sealed

    @_FEW
    @given(purpose=_PLACES, other=_PLACES)
    def test_a_value_that_was_moved_to_another_place_does_not_open(
        self, transactions: Transactions, caller: Principal, purpose: str, other: str
    ) -> None:
        assume(purpose != other)
        sealed = _seal(transactions, caller, b"ann@example.com", purpose)
        with pytest.raises(SecretLostError):
            _open(transactions, caller, sealed, other)

    def test_a_value_that_was_moved_to_another_tenant_does_not_open(
        self, transactions: Transactions, new_tenant: MakeTenant
    ) -> None:
        ours, theirs = new_tenant(), new_tenant()
        _seal(transactions, theirs, b"something of theirs", "user.email:1")
        sealed = _seal(transactions, ours, b"ann@example.com", "user.email:1")
        with pytest.raises(SecretLostError):
            _open(transactions, theirs, sealed, "user.email:1")

    @_FEW
    @given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def test_no_bit_of_it_can_be_changed(
        self, transactions: Transactions, caller: Principal, place: int, bit: int
    ) -> None:
        sealed = bytearray(_seal(transactions, caller, b"ann@example.com", "user.email:1"))
        sealed[place % len(sealed)] ^= 1 << bit
        with pytest.raises(SecretLostError):
            _open(transactions, caller, bytes(sealed), "user.email:1")

    def test_the_same_value_is_never_sealed_alike_twice(self, transactions: Transactions, caller: Principal) -> None:
        assert len({_seal(transactions, caller, b"x", "user.email:1") for _ in range(20)}) == 20

    def test_one_transaction_asks_for_the_key_once(self, transactions: Transactions, caller: Principal) -> None:
        with calling(caller), transactions() as work:
            first = work.fields.seal(b"1", purpose="a.b:1")
            second = work.fields.seal(b"2", purpose="a.b:2")
        assert first[:17] == second[:17]

    def test_nothing_is_sealed_for_a_tenant_that_does_not_exist(self, transactions: Transactions) -> None:
        with calling(a_principal()), transactions() as work, pytest.raises(NotSealableError):
            work.fields.seal(b"x", purpose="a.b:1")


class TestBlindIndex:
    @_FEW
    @given(one=st.text(max_size=60), other=st.text(max_size=60))
    def test_it_is_equal_for_equal_normalised_values_and_no_others(
        self, transactions: Transactions, caller: Principal, one: str, other: str
    ) -> None:
        first, second = _blind(transactions, caller, fold(one)), _blind(transactions, caller, fold(other))
        assert (first == second) is (fold(one) == fold(other))
        assert first.startswith(BLIND_MARK)
        assert len(first) == 23

    def test_another_tenant_and_another_index_have_others(
        self, transactions: Transactions, new_tenant: MakeTenant
    ) -> None:
        ours, theirs = new_tenant(), new_tenant()
        value = "ann@example.com"
        made = {
            _blind(transactions, ours, value),
            _blind(transactions, theirs, value),
            _blind(transactions, ours, value, index="user.name"),
        }
        assert len(made) == 3

    def test_it_is_the_hmac_that_the_documentation_says(self) -> None:
        key = derived_key(b"r" * 32, "auth_user.email_key")
        assert len(key) == 32
        assert blind_index(key, "ann@example.com") == blind_index(key, "ann@example.com")
        assert blind_index(key, "ann@example.com") != blind_index(key, "bob@example.com")
        assert hashlib.sha256(b"ann@example.com").hexdigest() not in blind_index(key, "ann@example.com")

    def test_who_asks_before_anything_was_sealed_finds_nothing(
        self, transactions: Transactions, caller: Principal
    ) -> None:
        with calling(caller), transactions.reading() as work:
            assert work.fields.find_blind("ann@example.com", index="user.email") is None

    def test_a_key_that_was_rolled_back_is_forgotten(self, transactions: Transactions, caller: Principal) -> None:
        with calling(caller), pytest.raises(ZeroDivisionError), transactions() as work:
            lost = work.fields.blind("ann", index="user.email")
            raise ZeroDivisionError
        kept = _blind(transactions, caller, "ann")
        assert kept != lost
        with calling(caller), transactions.reading() as work:
            assert work.fields.find_blind("ann", index="user.email") == kept

    def test_two_who_are_first_at_once_get_the_same_key(self, transactions: Transactions, caller: Principal) -> None:
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(lambda _: _blind(transactions, caller, "ann"), range(4)))
        assert len(made) == 1


class TestForgetting:
    def test_without_its_data_key_nothing_of_a_tenant_opens_or_is_found(
        self, worker_database: Database, recorder: EventRecorder, database: postgres.Database, new_tenant: MakeTenant
    ) -> None:
        caller, clock = new_tenant(), SetClock()
        vault = Vault(MasterKeys.parse([master_key("k1")]), clock)
        transactions = Transactions(worker_database, recorder, ciphers=vault.fields)
        sealed = _seal(transactions, caller, b"ann@example.com", "user.email:1")
        _blind(transactions, caller, "ann@example.com")
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("delete from tenant_key where tenant_id = %s", (caller.tenant_id,))
        vault.forget()
        clock.forward(timedelta(minutes=10))
        with pytest.raises(SecretLostError):
            _open(transactions, caller, sealed, "user.email:1")
        with calling(caller), transactions.reading() as work, pytest.raises(SecretLostError):
            work.fields.find_blind("ann@example.com", index="user.email")
