"""Signing in, and what becomes of those who guess."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import bcrypt
import psycopg
import pyotp
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identity import PermissionSet
from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.entitlement import Entitlement
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.domain.user_import import UserImportPlan, UserImportRow, UserImportStep
from function_backend.services.auth.errors.password import InvitationInvalidError, PasswordRefusedError
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.errors.second_factor import (
    SecondFactorEnrolledError,
    SecondFactorInvalidError,
    SecondFactorMissingError,
)
from function_backend.services.auth.errors.sign_in import (
    HashingOverloadedError,
    PasswordChangeRequiredError,
    SecondFactorRequiredError,
    SignInDelayedError,
    SignInError,
    SignInFailedError,
)
from function_backend.services.auth.ports import PasswordAttempt
from tests.factories.auth import a_principal, calling
from tests.factories.people import GOOD_PASSWORD, NothingGranted, PeopleScene, cheap_settings, people_scene
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock

_OTHER = "orange-lantern-41"
_UNDELAYED = {"sign_in_delay_after": 100, "sign_in_address_delay_after": 1000}


@pytest.fixture
def people_resources(resources: Resources, recorder: EventRecorder) -> Resources:
    """The shared resources, with a recorder that knows the events of this slice."""
    recorder.learn(EVENT_PAYLOADS)
    return resources


@pytest.fixture
def scene(people_resources: Resources, set_clock: SetClock, database: postgres.Database) -> PeopleScene:
    return people_scene(people_resources, set_clock, database.superuser_url)


@pytest.fixture
def undelayed(people_resources: Resources, set_clock: SetClock, database: postgres.Database) -> PeopleScene:
    """A scene in which failures lock users out without delaying anybody before."""
    settings = cheap_settings(**_UNDELAYED)
    return people_scene(people_resources, set_clock, database.superuser_url, settings=settings)


def _refusal(scene: PeopleScene, attempt: PasswordAttempt) -> SignInError:
    with scene.administering(), pytest.raises(SignInError) as refused:
        scene.people.sign_in.sign_in(attempt)
    return refused.value


def _invited(scene: PeopleScene) -> User:
    with scene.administering():
        return scene.people.invitations.invite(Profile(user_name="invited-one"), Checks(), lifetime=None).user


class TestSigningIn:
    @pytest.mark.parametrize("spelling", [str.upper, str.lower, lambda name: f"  {name} "], ids=["A", "a", "spaces"])
    def test_the_user_name_and_the_address_are_good_in_any_case(self, scene: PeopleScene, spelling: object) -> None:
        user = scene.user(email="Ada.L@example.com")
        assert callable(spelling)
        with scene.administering():
            for login in (user.profile.user_name, user.profile.email):
                signed_in = scene.people.sign_in.sign_in(scene.attempt(spelling(login)))
                assert (signed_in.user_id, signed_in.methods) == (user.id, frozenset({"pwd"}))
                assert signed_in.at == scene.clock.now()

    def test_it_is_in_the_audit_with_how_and_from_where(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.administering():
            scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, address="192.0.2.7"))
        assert scene.audited()[-1] == (
            "UserSignedIn",
            {"methods": "pwd", "client_address": "192.0.2.7", "recovery_code": "false"},
        )

    def test_a_composed_letter_is_the_same_as_its_parts(self, scene: PeopleScene) -> None:
        user = scene.user(password="cafe\u0301-harbour-92")
        with scene.administering():
            assert (
                scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, "caf\u00e9-harbour-92")).user_id
                == user.id
            )

    def test_a_hash_of_another_cost_is_replaced(
        self, scene: PeopleScene, people_resources: Resources, database: postgres.Database
    ) -> None:
        user = scene.user()
        before = _hash(scene, user)
        dearer = replace(
            people_scene(
                people_resources,
                scene.clock,
                database.superuser_url,
                settings=cheap_settings(argon2_memory_kib=128),
            ),
            administrator=scene.administrator,
        )
        with dearer.administering():
            dearer.people.sign_in.sign_in(scene.attempt(user.profile.user_name))
        assert "m=64" in before
        assert "m=128" in _hash(scene, user)
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id

    def test_a_foreign_hash_is_checked_and_replaced_by_ours(self, scene: PeopleScene) -> None:
        foreign = bcrypt.hashpw(GOOD_PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        row = UserImportRow(row=1, profile=Profile(user_name="from-ldap"), checks=Checks(), password_hash=foreign)
        plan = UserImportPlan(source="ldap", validate_only=False)
        with scene.administering():
            [result] = scene.people.importing.run(iter([UserImportStep(plan=plan), UserImportStep(rows=[row])]))
        assert result.user_id is not None
        with scene.administering():
            user = scene.people.users.get(result.user_id)
        assert _hash(scene, user) == foreign
        assert isinstance(_refusal(scene, scene.attempt("from-ldap", "wrong")), SignInFailedError)
        assert _hash(scene, user) == foreign
        with scene.administering():
            scene.people.sign_in.sign_in(scene.attempt("from-ldap"))
        assert _hash(scene, user).startswith("$argon2id$")
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt("from-ldap")).user_id == user.id

    def test_a_password_that_must_change_signs_nobody_in_until_it_is_replaced(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.administering():
            scene.people.passwords.set(user.id, _OTHER, must_change=True)
        attempt = scene.attempt(user.profile.user_name, _OTHER)
        assert isinstance(_refusal(scene, attempt), PasswordChangeRequiredError)
        with scene.administering() as call:
            call.principal = None
            scene.people.passwords.replace(scene.administrator.tenant_id, attempt, GOOD_PASSWORD)
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id


def _hash(scene: PeopleScene, user: User) -> str:
    with psycopg.connect(scene.database_url) as connection:
        row = connection.execute("select hash from user_password where user_id = %s", (user.id,)).fetchone()
    assert row is not None
    return str(row[0])


class TestOneAnswer:
    """Whoever asks about names learns nothing: neither from what is said nor from how much work is done."""

    @pytest.fixture(params=["unknown", "unknown address", "wrong", "none", "locked", "suspended", "invited", "out"])
    def refused_login(self, request: pytest.FixtureRequest, scene: PeopleScene) -> tuple[str, str]:
        """A name and a password that do not sign anybody in."""
        user = scene.user(password="" if request.param == "none" else GOOD_PASSWORD)
        states = scene.people.states
        with scene.administering():
            match request.param:
                case "unknown":
                    return "nobody-at-all", GOOD_PASSWORD
                case "unknown address":
                    return "nobody@example.com", GOOD_PASSWORD
                case "wrong":
                    return user.profile.user_name, "wrong"
                case "locked":
                    states.lock(user.id, etag="")
                case "suspended":
                    states.suspend(user.id, etag="")
                case "invited":
                    return _invited(scene).profile.user_name, GOOD_PASSWORD
                case "out":
                    _lock_out(scene, user)
        return user.profile.user_name, GOOD_PASSWORD

    def test_it_is_the_same_for_everybody_and_costs_one_hash(
        self, scene: PeopleScene, refused_login: tuple[str, str]
    ) -> None:
        login, password = refused_login
        pool = scene.people.hashing.pool
        before = pool.hashes
        refused = _refusal(scene, scene.attempt(login, password))
        assert type(refused) is SignInFailedError
        assert (str(refused), refused.metadata, refused.retry_after) == ("The sign-in failed.", {}, None)
        assert pool.hashes - before == 1

    def test_names_that_nobody_has_are_delayed_as_those_of_users_are(self, scene: PeopleScene) -> None:
        known = scene.user().profile.user_name
        answers = {}
        for login in (known, "nobody-here", "nobody@example.com"):
            answers[login] = [_answer(_refusal(scene, scene.attempt(login, "wrong"))) for _ in range(7)]
        assert answers[known] == answers["nobody-here"] == answers["nobody@example.com"]
        assert answers[known][-1] == ("SignInDelayedError", timedelta(seconds=1))

    def test_the_audit_knows_why_and_never_what_was_typed(self, scene: PeopleScene) -> None:
        user = scene.user()
        _refusal(scene, scene.attempt(user.profile.user_name, "wrong-secret", address="192.0.2.7"))
        _refusal(scene, scene.attempt("my-password-typed-here", "wrong-secret", address="192.0.2.8"))
        _refusal(scene, scene.attempt("MY-password-typed-here ", "wrong-secret"))
        known, unknown, again = scene.audited()[-3:]
        assert known == ("UserSignInRefused", {"cause": "wrong_password", "client_address": "192.0.2.7"})
        assert unknown[0] == "UnknownSignInRefused"
        assert unknown[1]["login_digest"] == again[1]["login_digest"]
        with psycopg.connect(scene.database_url) as connection:
            for text in ("my-password-typed-here", "wrong-secret"):
                found = connection.execute(
                    "select count(*) from event where position(%s::bytea in payload) > 0", (text.encode(),)
                ).fetchone()
                assert found == (0,)
        assert "password-typed" not in str(scene.audited())


def _answer(refused: SignInError) -> tuple[str, timedelta | None]:
    return type(refused).__name__, getattr(refused, "retry_after", None)


def _lock_out(scene: PeopleScene, user: User) -> None:
    for _ in range(100):
        with suppress(SignInFailedError, SignInDelayedError):
            scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, "wrong"))
        scene.clock.advance(timedelta(seconds=20))
        if scene.people.users.get(user.id).state_at(scene.clock.now()) is UserState.LOCKED:
            return
    pytest.fail("nobody was locked out")


class TestGuessing:
    def test_delays_double_and_end(self, scene: PeopleScene) -> None:
        user = scene.user()
        waits = []
        for _ in range(9):
            refused = _refusal(scene, scene.attempt(user.profile.user_name, "wrong"))
            if isinstance(refused, SignInDelayedError):
                waits.append(refused.retry_after)
                assert refused.retry_after is not None
                scene.clock.advance(refused.retry_after)
                _refusal(scene, scene.attempt(user.profile.user_name, "wrong"))
        assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]

    def test_the_right_password_has_to_wait_too(self, scene: PeopleScene) -> None:
        user = scene.user()
        for _ in range(6):
            _refusal(scene, scene.attempt(user.profile.user_name, "wrong"))
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name)), SignInDelayedError)
        scene.clock.advance(timedelta(seconds=1))
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name, "wrong")), SignInFailedError)

    def test_many_addresses_lock_one_user_out_for_a_while(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        for guess in range(10):
            attempt = scene.attempt(user.profile.user_name, f"guess-{guess}", address=f"192.0.2.{guess}")
            assert isinstance(_refusal(scene, attempt), SignInFailedError)
        with scene.administering():
            locked = scene.people.users.get(user.id)
        assert locked.state_at(scene.clock.now()) is UserState.LOCKED
        assert [kind for kind, _ in scene.audited()[-2:]] == ["UserSignInRefused", "UserLockedOut"]
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name)), SignInFailedError)
        assert scene.audited()[-1][1]["cause"] == "locked"
        scene.clock.advance(timedelta(minutes=15))
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id

    def test_an_administrator_ends_it_at_once(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        with scene.administering():
            _lock_out(scene, user)
            scene.people.states.unlock(user.id, etag="")
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id

    def test_a_lock_out_leaves_credentials_that_were_given_already_alone(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        with scene.administering():
            _lock_out(scene, user)
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
            assert isinstance(_refusal(scene, attempt), SignInFailedError)
        assert isinstance(_refusal(scene, scene.attempt("name-9", "wrong", address="192.0.2.9")), SignInDelayedError)
        assert isinstance(_refusal(scene, scene.attempt("name-9", "wrong", address="192.0.2.8")), SignInFailedError)

    def test_own_successes_do_not_wash_an_address_clean(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        settings = cheap_settings(sign_in_address_delay_after=3)
        scene = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
        own = scene.user()
        for guess in range(3):
            _refusal(scene, scene.attempt(f"name-{guess}", "wrong", address="192.0.2.9"))
        with scene.administering():
            # Counted until it has succeeded, so the fourth attempt passes and is taken back.
            scene.people.sign_in.sign_in(scene.attempt(own.profile.user_name, address="192.0.2.9"))
        _refusal(scene, scene.attempt("name-4", "wrong", address="192.0.2.9"))
        assert isinstance(_refusal(scene, scene.attempt("name-5", "wrong", address="192.0.2.9")), SignInDelayedError)

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
            _refusal(scene, scene.attempt(user.profile.user_name, "wrong"))
        scene.clock.advance(timedelta(hours=1))
        for _ in range(5):
            assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name, "wrong")), SignInFailedError)

    def test_old_counts_are_purged(self, scene: PeopleScene, people_resources: Resources) -> None:
        _refusal(scene, scene.attempt("nobody-1", "wrong"))
        scene.clock.advance(timedelta(hours=1, seconds=1))
        with psycopg.connect(scene.database_url, autocommit=True) as connection:
            assert scene.people.purge(connection) >= 1


class TestOverload:
    def test_whoever_finds_the_queue_full_is_refused_before_anything_is_asked(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        settings = cheap_settings(hashing_queue=0)
        scene = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
        user = scene.user()
        audited = scene.audited()
        with scene.people.hashing.admission():
            refused = _refusal(scene, scene.attempt(user.profile.user_name))
        assert isinstance(refused, HashingOverloadedError)
        assert refused.retry_after
        assert scene.audited() == audited
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id


class TestSecondFactor:
    def _enrolled(self, scene: PeopleScene) -> tuple[User, pyotp.TOTP, list[str]]:
        user = scene.user()
        with scene.as_user(user):
            enrolment = scene.people.second_factors.enrol()
            app = pyotp.TOTP(enrolment.secret)
            codes = scene.people.second_factors.confirm(app.at(scene.clock.now()))
        scene.clock.advance(timedelta(seconds=60))
        return user, app, codes

    def test_signing_in_asks_for_a_code_from_then_on(self, scene: PeopleScene) -> None:
        user, app, codes = self._enrolled(scene)
        assert len(set(codes)) == 10
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name)), SecondFactorRequiredError)
        with scene.administering():
            assert scene.people.users.get(user.id).second_factor
            signed_in = scene.people.sign_in.sign_in(
                scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now()))
            )
        assert signed_in.methods == {"pwd", "otp", "mfa"}

    def test_a_code_is_good_once(self, scene: PeopleScene) -> None:
        user, app, _ = self._enrolled(scene)
        attempt = scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now()))
        with scene.administering():
            scene.people.sign_in.sign_in(attempt)
        assert isinstance(_refusal(scene, attempt), SignInFailedError)
        assert scene.audited()[-1][1]["cause"] == "wrong_code"

    def test_an_earlier_code_is_worthless_after_a_later_one(self, scene: PeopleScene) -> None:
        user, app, _ = self._enrolled(scene)
        now = scene.clock.now()
        with scene.administering():
            scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, otp=app.at(now, counter_offset=1)))
        for step in (-1, 0, 1):
            assert isinstance(
                _refusal(scene, scene.attempt(user.profile.user_name, otp=app.at(now, counter_offset=step))),
                SignInFailedError,
            )

    @pytest.mark.parametrize(("step", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_clocks_may_differ_by_one_step(self, scene: PeopleScene, step: int, *, good: bool) -> None:
        user, app, _ = self._enrolled(scene)
        scene.clock.advance(timedelta(minutes=10))
        attempt = scene.attempt(user.profile.user_name, otp=app.at(scene.clock.now(), counter_offset=step))
        if good:
            with scene.administering():
                assert scene.people.sign_in.sign_in(attempt).user_id == user.id
        else:
            assert isinstance(_refusal(scene, attempt), SignInFailedError)

    def test_a_recovery_code_stands_in_once(self, scene: PeopleScene) -> None:
        user, _, codes = self._enrolled(scene)
        attempt = scene.attempt(user.profile.user_name, otp=codes[3].upper().replace("-", " "))
        with scene.administering():
            assert scene.people.sign_in.sign_in(attempt).methods == {"pwd", "otp", "mfa"}
        assert scene.audited()[-1][1]["recovery_code"] == "true"
        assert isinstance(_refusal(scene, attempt), SignInFailedError)
        with scene.as_user(user):
            assert scene.people.second_factors.status().recovery_codes_left == 9

    def test_new_recovery_codes_replace_the_old_ones(self, scene: PeopleScene) -> None:
        user, _, codes = self._enrolled(scene)
        with scene.as_user(user):
            fresh = scene.people.second_factors.regenerate_codes()
        assert not set(codes) & set(fresh)
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name, otp=codes[0])), SignInFailedError)
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, otp=fresh[0])).user_id == user.id

    def test_guessing_codes_with_the_right_password_locks_out(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user, app, _ = self._enrolled(scene)
        good = app.at(scene.clock.now())
        wrong = "000000" if good != "000000" else "000001"
        for _ in range(10):
            _refusal(scene, scene.attempt(user.profile.user_name))
            _refusal(scene, scene.attempt(user.profile.user_name, otp=wrong))
        assert scene.audited()[-1][0] == "UserLockedOut"
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name, otp=good)), SignInFailedError)

    def test_what_is_not_confirmed_does_not_count(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            first = scene.people.second_factors.enrol()
            second = scene.people.second_factors.enrol()
            with pytest.raises(SecondFactorInvalidError):
                scene.people.second_factors.confirm(pyotp.TOTP(first.secret).at(scene.clock.now()))
            with pytest.raises(SecondFactorMissingError):
                scene.people.second_factors.remove()
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).methods == {"pwd"}
        with scene.as_user(user):
            assert scene.people.second_factors.confirm(pyotp.TOTP(second.secret).at(scene.clock.now()))
            with pytest.raises(SecondFactorEnrolledError):
                scene.people.second_factors.enrol()

    def test_it_can_be_removed_by_the_user_and_by_an_administrator(self, scene: PeopleScene) -> None:
        for removing in ("user", "administrator"):
            user, _, _ = self._enrolled(scene)
            if removing == "user":
                with scene.as_user(user):
                    scene.people.second_factors.remove()
            else:
                with scene.administering():
                    assert not scene.people.second_factors.remove_of(user.id).second_factor
            with scene.administering():
                assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).methods == {"pwd"}

    def test_the_secret_is_nowhere_readable(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            secret = scene.people.second_factors.enrol().secret
        with psycopg.connect(scene.database_url) as connection:
            row = connection.execute("select sealed_secret from user_totp where user_id = %s", (user.id,)).fetchone()
        assert row is not None
        assert secret.encode() not in row[0]


class TestOwnPassword:
    def test_it_changes_with_the_old_one_and_not_without(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            with pytest.raises(SignInFailedError):
                scene.people.passwords.change("wrong", _OTHER, client_address="")
            scene.people.passwords.change(GOOD_PASSWORD, _OTHER, client_address="")
        assert isinstance(_refusal(scene, scene.attempt(user.profile.user_name)), SignInFailedError)
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name, _OTHER)).user_id == user.id

    def test_guessing_the_old_one_is_guessing(self, undelayed: PeopleScene) -> None:
        scene = undelayed
        user = scene.user()
        with scene.as_user(user):
            for guess in range(10):
                with pytest.raises(SignInFailedError):
                    scene.people.passwords.change(f"guess-{guess}", _OTHER, client_address="")
        assert scene.audited()[-1][0] == "UserLockedOut"

    def test_former_passwords_are_refused_as_far_as_the_tenant_wants(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        scene = people_scene(people_resources, set_clock, database.superuser_url, policies=_Remembering())
        user = scene.user(password="first-harbour-11")
        words = ["first-harbour-11", "second-harbour-22", "third-harbour-33"]
        with scene.as_user(user):
            for old, new in itertools.pairwise(words):
                set_clock.advance(timedelta(minutes=1))
                scene.people.passwords.change(old, new, client_address="")
            for former in words[:2]:
                with pytest.raises(PasswordRefusedError) as refused:
                    scene.people.passwords.change(words[2], former, client_address="")
                assert refused.value.metadata == {"rules": "REUSED"}
            set_clock.advance(timedelta(minutes=1))
            scene.people.passwords.change(words[2], "fourth-harbour-44", client_address="")
            set_clock.advance(timedelta(minutes=1))
            scene.people.passwords.change("fourth-harbour-44", words[0], client_address="")


class _Rules:
    password_min_length = 8
    password_history = 2


class _Remembering:
    """A tenant that remembers two former passwords besides the current one."""

    def of(self, work: object) -> _Rules:
        del work
        return _Rules()


class TestInvitationsInTime:
    def test_an_expired_invitation_is_refused(self, scene: PeopleScene) -> None:
        with scene.administering() as call:
            issued = scene.people.invitations.invite(
                Profile(user_name="late-one"), Checks(), lifetime=timedelta(minutes=5)
            )
            scene.clock.advance(timedelta(minutes=5))
            call.principal = None
            with pytest.raises(InvitationInvalidError):
                scene.people.invitations.accept(issued.token, GOOD_PASSWORD)

    def test_the_audit_names_the_user_who_accepted(self, scene: PeopleScene) -> None:
        with scene.administering():
            issued = scene.people.invitations.invite(Profile(user_name="in-time"), Checks(), lifetime=None)
        with scene.administering() as call:
            call.principal = None
            scene.people.invitations.accept(issued.token, GOOD_PASSWORD)
        with psycopg.connect(scene.database_url) as connection:
            row = connection.execute(
                "select actor from audit_record where event_type like '%%InvitationAccepted' and subject_id = %s",
                (issued.user.id,),
            ).fetchone()
        assert row == (f"user:{issued.user.id}",)


class _Holding(NothingGranted):
    """Everybody holds the same."""

    def find(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> Entitlement:
        del driver, tenant_id, kind, subject_id
        return Entitlement(permissions=PermissionSet(frozenset({"company.*"})))


class TestStanding:
    def test_nobody_takes_over_a_user_who_may_do_more(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        scene = people_scene(people_resources, set_clock, database.superuser_url, granted=_Holding())
        user = scene.user()
        people = scene.people
        helpdesk = a_principal("auth.user.*", "company.read", tenant_id=scene.administrator.tenant_id)
        with calling(helpdesk):
            for reach in (
                lambda: people.passwords.set(user.id, _OTHER, must_change=False),
                lambda: people.passwords.start_reset(user.id, lifetime=None),
                lambda: people.users.update(user.id, Profile(user_name="x1"), Checks(), mask=["user_name"], etag=""),
                lambda: people.users.delete(user.id, etag=""),
                lambda: people.states.suspend(user.id, etag=""),
                lambda: people.second_factors.remove_of(user.id),
            ):
                with pytest.raises(PermissionEscalationError) as refused:
                    reach()
                assert refused.value.metadata == {"permission": "company.*"}
        with scene.administering():
            people.passwords.set(user.id, _OTHER, must_change=False)
