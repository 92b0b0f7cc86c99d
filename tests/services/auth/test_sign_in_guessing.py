"""What becomes of those who guess passwords."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg

from function_backend.resources import Resources
from function_backend.services.auth.domain.user import UserState
from function_backend.services.auth.errors.sign_in import (
    SignInDelayedError,
    SignInError,
    SignInFailedError,
)
from tests.factories.people import PeopleScene, cheap_settings, people_scene
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock

_OTHER = "orange-lantern-41"


class TestGuessing:
    def test_delays_double_and_end(self, scene: PeopleScene) -> None:
        user = scene.user()
        waits = []
        for _ in range(9):
            refused = scene.refusal(scene.attempt(user.profile.user_name, "wrong"))
            if isinstance(refused, SignInDelayedError):
                waits.append(refused.retry_after)
                assert refused.retry_after is not None
                scene.clock.advance(refused.retry_after)
                scene.refusal(scene.attempt(user.profile.user_name, "wrong"))
        assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]

    def test_the_right_password_has_to_wait_too(self, scene: PeopleScene) -> None:
        user = scene.user()
        for _ in range(6):
            scene.refusal(scene.attempt(user.profile.user_name, "wrong"))
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name)), SignInDelayedError)
        scene.clock.advance(timedelta(seconds=1))
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name, "wrong")), SignInFailedError)

    def test_many_addresses_lock_one_user_out_for_a_while(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        for guess in range(10):
            attempt = scene.attempt(user.profile.user_name, f"guess-{guess}", address=f"192.0.2.{guess}")
            assert isinstance(scene.refusal(attempt), SignInFailedError)
        with scene.administering():
            locked = scene.people.users.get(user.id)
        assert locked.state_at(scene.clock.now()) is UserState.LOCKED
        assert [kind for kind, _ in scene.audited()[-2:]] == ["UserSignInRefused", "UserLockedOut"]
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name)), SignInFailedError)
        assert scene.audited()[-1][1]["cause"] == "locked"
        scene.clock.advance(timedelta(minutes=15))
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id

    def test_an_administrator_ends_it_at_once(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        with scene.administering():
            scene.lock_out(user)
            scene.people.states.unlock(user.id, etag="")
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id

    def test_a_lock_out_leaves_credentials_that_were_given_already_alone(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        with scene.administering():
            scene.lock_out(user)
        with psycopg.connect(scene.database_url) as connection:
            row = connection.execute(
                "select is_subject_active(%s, 'user', %s)", (scene.administrator.tenant_id, user.id)
            ).fetchone()
        assert row == (True,)

    def test_one_address_is_delayed_whoever_it_asks_for(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        settings = cheap_settings(sign_in_address_delay_after=3)
        scene = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
        for guess in range(4):
            attempt = scene.attempt(f"name-{guess}", "wrong", address="192.0.2.9")
            assert isinstance(scene.refusal(attempt), SignInFailedError)
        assert isinstance(scene.refusal(scene.attempt("name-9", "wrong", address="192.0.2.9")), SignInDelayedError)
        assert isinstance(scene.refusal(scene.attempt("name-9", "wrong", address="192.0.2.8")), SignInFailedError)

    def test_own_successes_do_not_wash_an_address_clean(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        settings = cheap_settings(sign_in_address_delay_after=3)
        scene = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
        own = scene.user()
        for guess in range(3):
            scene.refusal(scene.attempt(f"name-{guess}", "wrong", address="192.0.2.9"))
        with scene.administering():
            # Counted until it has succeeded, so the fourth attempt passes and is taken back.
            scene.people.sign_in.sign_in(scene.attempt(own.profile.user_name, address="192.0.2.9"))
        scene.refusal(scene.attempt("name-4", "wrong", address="192.0.2.9"))
        assert isinstance(scene.refusal(scene.attempt("name-5", "wrong", address="192.0.2.9")), SignInDelayedError)

    def test_many_at_once_gain_no_guess(self, scene: PeopleScene) -> None:
        user = scene.user()
        barrier = threading.Barrier(4)

        def guess(number: int) -> str:
            barrier.wait(10)
            outcome = ""
            for turn in range(5):
                try:
                    with scene.administering():
                        scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, f"guess-{number}-{turn}"))
                except SignInError as error:
                    outcome += type(error).__name__[:7]
            return outcome

        before = scene.people.hashing.pool.hashes
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(guess, range(4)))
        assert scene.people.hashing.pool.hashes - before <= 6

    def test_forgotten_failures_count_no_more(self, scene: PeopleScene) -> None:
        user = scene.user()
        for _ in range(5):
            scene.refusal(scene.attempt(user.profile.user_name, "wrong"))
        scene.clock.advance(timedelta(hours=1))
        for _ in range(5):
            assert isinstance(scene.refusal(scene.attempt(user.profile.user_name, "wrong")), SignInFailedError)

    def test_old_counts_are_purged(self, scene: PeopleScene, people_resources: Resources) -> None:
        scene.refusal(scene.attempt("nobody-1", "wrong"))
        scene.clock.advance(timedelta(hours=1, seconds=1))
        with psycopg.connect(scene.database_url, autocommit=True) as connection:
            assert scene.people.purge(connection) >= 1
