from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import UnavailableError
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.signing_key import SigningKey, SigningKeyState, SigningSchedule
from function_backend.services.auth.errors.credential import CredentialInvalidError
from function_backend.services.auth.errors.signing_key import SigningKeyNotFoundError, SigningKeyRotationPendingError
from function_backend.services.auth.service.keys import Keys
from tests.factories.auth import calling
from tests.factories.events import RefusingSink
from tests.factories.keys import POLICY, SetClock, claims, keys_with
from tests.fixtures import postgres


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def resources(resources: Resources, recorder: EventRecorder, fresh_database: postgres.Database) -> Iterator[Resources]:
    """On a database of its own: signing keys belong to no tenant, so tests would see each other's."""
    recorder.learn(EVENT_PAYLOADS)
    opened = Database(DatabaseSettings(url=fresh_database.app_url))
    yield replace(resources, transactions=Transactions(opened, recorder))
    opened.dispose()


@pytest.fixture
def keys(resources: Resources, clock: SetClock) -> Keys:
    return keys_with(resources, "k1", clock=clock)


def _rotate(keys: Keys) -> SigningKey:
    with calling():
        made = keys.signing_keys.rotate()
    keys.forget()
    return made


def _retire(keys: Keys, key: SigningKey) -> SigningKey:
    with calling():
        retired = keys.signing_keys.retire(key.id)
    keys.forget()
    return retired


class TestFirstNeed:
    def test_the_first_key_is_made_when_a_token_is_to_be_signed(self, keys: Keys, clock: SetClock) -> None:
        assert keys.ring.published() == []
        token = keys.issuer.issue(claims(clock.now()))
        [key] = keys.ring.published()
        assert key.state(clock.now()) is SigningKeyState.ACTIVE
        assert keys.reader.read(token).client_id == "some-client"

    def test_of_many_who_need_it_at_once_all_get_the_same(self, resources: Resources, clock: SetClock) -> None:
        workers = [keys_with(resources, "k1", clock=clock) for _ in range(4)]
        threads = [threading.Thread(target=worker.ring.signer) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({worker.ring.signer()[0].id for worker in workers}) == 1
        assert len(workers[0].ring.published()) == 1

    def test_it_stays_when_the_call_that_needed_it_is_undone(
        self, keys: Keys, resources: Resources, clock: SetClock
    ) -> None:
        with calling(), resources.transactions.edge() as work:
            token = keys.issuer.issue(claims(clock.now()))
            work.discard()
        keys.forget()
        assert keys.reader.read(token).client_id == "some-client"

    def test_the_database_cannot_read_its_private_half(self, keys: Keys, fresh_database: postgres.Database) -> None:
        _, private = keys.ring.signer()
        secret = private.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
        with psycopg.connect(fresh_database.superuser_url) as connection:
            row = connection.execute("select k, sealed_key from signing_key k").fetchone()
        assert row is not None
        assert secret not in bytes(row[1])

    def test_without_its_master_key_nothing_is_signed_and_everything_verified(
        self, keys: Keys, resources: Resources, clock: SetClock
    ) -> None:
        token = keys.issuer.issue(claims(clock.now()))
        other = keys_with(resources, "k2", clock=clock)
        with pytest.raises(UnavailableError):
            other.issuer.issue(claims(clock.now()))
        assert other.reader.read(token).client_id == "some-client"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_both_algorithms_sign_and_verify(resources: Resources, clock: SetClock, algorithm: str) -> None:
    keys = keys_with(resources, "k1", clock=clock, policy=replace(POLICY, algorithm=algorithm))
    written = claims(clock.now())
    token = keys.issuer.issue(written)
    assert keys.reader.read(token) == written
    [jwk] = keys.ring.public_jwks()
    assert jwk["alg"] == algorithm
    assert jwk["use"] == "sig"
    assert not {"d", "p", "q", "k"} & jwk.keys()


class TestRotation:
    def test_the_new_key_is_published_before_it_signs_and_the_old_one_after(self, keys: Keys, clock: SetClock) -> None:
        first, _ = keys.ring.signer()
        second = _rotate(keys)
        assert keys.ring.signer()[0].id == first.id
        assert {key.id for key in keys.ring.published()} == {first.id, second.id}
        clock.forward(POLICY.lead - timedelta(seconds=1))
        longest = claims(clock.now(), expires_at=clock.now() + timedelta(hours=1))
        last_of_first = keys.issuer.issue(longest)
        clock.forward(timedelta(seconds=1))
        assert keys.ring.signer()[0].id == second.id
        clock.forward(timedelta(minutes=59))
        assert keys.reader.read(last_of_first) == longest
        assert {key.id for key in keys.ring.published()} == {first.id, second.id}
        clock.forward(timedelta(minutes=3))
        assert [key.id for key in keys.ring.published()] == [second.id]

    def test_no_token_is_refused_while_keys_follow_each_other(
        self, resources: Resources, keys: Keys, clock: SetClock
    ) -> None:
        """A worker that hears of nothing and looks again only when it does not know a key."""
        deaf = keys_with(resources, "k1", clock=clock)
        tokens = [keys.issuer.issue(claims(clock.now()))]
        for _ in range(3):
            deaf.reader.read(tokens[-1])
            _rotate(keys)
            clock.forward(POLICY.lead)
            fresh = keys.issuer.issue(claims(clock.now()))
            deaf.ring._looked_at = -1e9
            assert deaf.reader.read(fresh).client_id == "some-client"
            tokens.append(fresh)

    def test_a_second_rotation_waits_for_the_first(self, keys: Keys, clock: SetClock) -> None:
        keys.ring.signer()
        second = _rotate(keys)
        with calling(), pytest.raises(SigningKeyRotationPendingError) as refused:
            keys.signing_keys.rotate()
        assert refused.value.metadata["key_id"] == str(second.id)
        clock.forward(POLICY.lead)
        assert _rotate(keys).id != second.id

    def test_removed_keys_lose_their_private_half(
        self, keys: Keys, clock: SetClock, fresh_database: postgres.Database
    ) -> None:
        first, _ = keys.ring.signer()
        _rotate(keys)
        clock.forward(timedelta(days=1))
        with psycopg.connect(fresh_database.app_url, autocommit=True) as driver:
            keys.signing_keys.rotate_when_due(driver)
            rows = driver.execute("select id from signing_key where sealed_key is null").fetchall()
        assert rows == [(first.id,)]


class TestSchedule:
    def test_a_key_is_replaced_when_it_is_old_and_by_one_worker_alone(
        self, resources: Resources, clock: SetClock, fresh_database: postgres.Database
    ) -> None:
        workers = [keys_with(resources, "k1", clock=clock) for _ in range(3)]
        workers[0].ring.signer()

        def run(worker: Keys) -> None:
            with psycopg.connect(fresh_database.app_url, autocommit=True) as driver:
                worker.signing_keys.rotate_when_due(driver)

        def all_at_once() -> int:
            threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            workers[0].forget()
            return len(workers[0].ring.published())

        assert all_at_once() == 1
        clock.forward(POLICY.lifetime - POLICY.lead - timedelta(seconds=1))
        assert all_at_once() == 1
        clock.forward(timedelta(seconds=1))
        assert all_at_once() == 2
        assert all_at_once() == 2

    def test_a_database_without_keys_gets_its_first(
        self, keys: Keys, fresh_database: postgres.Database, clock: SetClock
    ) -> None:
        with psycopg.connect(fresh_database.app_url, autocommit=True) as driver:
            keys.signing_keys.rotate_when_due(driver)
        [key] = keys.ring.published()
        assert key.state(clock.now()) is SigningKeyState.ACTIVE

    def test_what_goes_wrong_does_not_end_the_thread_that_calls(
        self, resources: Resources, fresh_database: postgres.Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        keyless = keys_with(resources)
        with psycopg.connect(fresh_database.app_url, autocommit=True) as driver:
            keyless.signing_keys.rotate_when_due(driver)
        assert "signing keys were not rotated" in caplog.text

    def test_without_a_lifetime_only_a_command_replaces_a_key(self, clock: SetClock) -> None:
        schedule = SigningSchedule(
            algorithm="ES256", lifetime=timedelta(), lead=timedelta(), kept_for=timedelta(hours=1)
        )
        assert not schedule.is_due(clock.now() - timedelta(days=3000), clock.now())
        assert schedule.is_due(None, clock.now())


class TestRetiring:
    def test_nothing_that_it_signed_counts_and_another_signs_at_once(self, keys: Keys, clock: SetClock) -> None:
        leaked, _ = keys.ring.signer()
        token = keys.issuer.issue(claims(clock.now()))
        _retire(keys, leaked)
        with pytest.raises(CredentialInvalidError):
            keys.reader.read(token)
        assert leaked.id not in {key.id for key in keys.ring.published()}
        assert keys.reader.read(keys.issuer.issue(claims(clock.now()))).client_id == "some-client"

    def test_the_key_that_was_to_be_next_takes_over(self, keys: Keys) -> None:
        leaked, _ = keys.ring.signer()
        following = _rotate(keys)
        _retire(keys, leaked)
        assert keys.ring.signer()[0].id == following.id

    def test_a_pending_key_can_be_withdrawn_and_the_one_before_signs_on(self, keys: Keys, clock: SetClock) -> None:
        first, _ = keys.ring.signer()
        _retire(keys, _rotate(keys))
        assert keys.ring.signer()[0].id == first.id
        clock.forward(timedelta(days=2))
        keys.forget()
        assert keys.reader.read(keys.issuer.issue(claims(clock.now()))).client_id == "some-client"

    def test_its_private_half_is_gone_from_the_database(self, keys: Keys, fresh_database: postgres.Database) -> None:
        leaked, _ = keys.ring.signer()
        _retire(keys, leaked)
        with psycopg.connect(fresh_database.superuser_url) as connection:
            row = connection.execute("select sealed_key from signing_key where id = %s", (leaked.id,)).fetchone()
        assert row == (None,)

    def test_retiring_twice_changes_nothing(self, keys: Keys) -> None:
        leaked, _ = keys.ring.signer()
        first = _retire(keys, leaked)
        published = keys.ring.published()
        assert _retire(keys, leaked) == first
        assert keys.ring.published() == published

    def test_a_key_that_does_not_exist_is_not_found(self, keys: Keys) -> None:
        with calling(), pytest.raises(SigningKeyNotFoundError):
            keys.signing_keys.retire(new_id())


class TestListening:
    def test_an_unknown_kid_makes_a_worker_look_again_once_a_second_at_most(
        self, keys: Keys, resources: Resources, clock: SetClock
    ) -> None:
        keys.ring.signer()
        asked = keys.ring._rings.misses
        for _ in range(50):
            assert keys.ring.find(str(new_id())) is None
        assert keys.ring._rings.misses <= asked + 3

    def test_while_nothing_is_heard_a_withdrawn_key_counts_for_a_moment_only(
        self, keys: Keys, resources: Resources, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deaf = keys_with(resources, "k1", clock=clock, epoch_age=lambda: 1e9)
        token = keys.issuer.issue(claims(clock.now()))
        deaf.reader.read(token)
        _retire(keys, keys.ring.signer()[0])
        monkeypatch.setattr("function_backend.services.auth.adapters.key_ring._TRUSTED_SECONDS", 0.0)
        with pytest.raises(CredentialInvalidError):
            deaf.reader.read(token)

    def test_without_the_database_nobody_is_let_in(self, resources: Resources, keys: Keys, clock: SetClock) -> None:
        token = keys.issuer.issue(claims(clock.now()))
        unreachable = Database(DatabaseSettings(url="postgresql://nobody@127.0.0.1:1/nowhere"))
        away = keys_with(replace(resources, transactions=Transactions(unreachable, RefusingSink())), "k1", clock=clock)
        with pytest.raises(UnavailableError) as refused:
            away.reader.read(token)
        assert refused.value.retry_after is not None
