"""Signing in, and what all who may not are told."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import bcrypt
import psycopg
import pytest

from function_backend.kernel.identity import PermissionSet
from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.entitlement import Entitlement
from function_backend.services.auth.domain.user import Profile, User
from function_backend.services.auth.domain.user_import import UserImportPlan, UserImportRow, UserImportStep
from function_backend.services.auth.errors.password import InvitationInvalidError, PasswordRefusedError
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.errors.sign_in import (
    HashingOverloadedError,
    PasswordChangeRequiredError,
    SignInError,
    SignInFailedError,
)
from tests.factories.auth import a_principal, calling
from tests.factories.people import GOOD_PASSWORD, NothingGranted, PeopleScene, cheap_settings, people_scene
from tests.fixtures import postgres
from tests.fixtures.clock import SetClock

_OTHER = "orange-lantern-41"


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
        assert isinstance(scene.refusal(scene.attempt("from-ldap", "wrong")), SignInFailedError)
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
        assert isinstance(scene.refusal(attempt), PasswordChangeRequiredError)
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
                    scene.lock_out(user)
        return user.profile.user_name, GOOD_PASSWORD

    def test_it_is_the_same_for_everybody_and_costs_one_hash(
        self, scene: PeopleScene, refused_login: tuple[str, str]
    ) -> None:
        login, password = refused_login
        pool = scene.people.hashing.pool
        before = pool.hashes
        refused = scene.refusal(scene.attempt(login, password))
        assert type(refused) is SignInFailedError
        assert (str(refused), refused.metadata, refused.retry_after) == ("The sign-in failed.", {}, None)
        assert pool.hashes - before == 1

    def test_names_that_nobody_has_are_delayed_as_those_of_users_are(self, scene: PeopleScene) -> None:
        known = scene.user().profile.user_name
        answers = {}
        for login in (known, "nobody-here", "nobody@example.com"):
            answers[login] = [_answer(scene.refusal(scene.attempt(login, "wrong"))) for _ in range(7)]
        assert answers[known] == answers["nobody-here"] == answers["nobody@example.com"]
        assert answers[known][-1] == ("SignInDelayedError", timedelta(seconds=1))

    def test_the_audit_knows_why_and_never_what_was_typed(self, scene: PeopleScene) -> None:
        user = scene.user()
        scene.refusal(scene.attempt(user.profile.user_name, "wrong-secret", address="192.0.2.7"))
        scene.refusal(scene.attempt("my-password-typed-here", "wrong-secret", address="192.0.2.8"))
        scene.refusal(scene.attempt("MY-password-typed-here ", "wrong-secret"))
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


class TestOverload:
    def test_whoever_finds_the_queue_full_is_refused_before_anything_is_asked(
        self, people_resources: Resources, set_clock: SetClock, database: postgres.Database
    ) -> None:
        settings = cheap_settings(hashing_queue=0)
        scene = people_scene(people_resources, set_clock, database.superuser_url, settings=settings)
        user = scene.user()
        audited = scene.audited()
        with scene.people.hashing.admission():
            refused = scene.refusal(scene.attempt(user.profile.user_name))
        assert isinstance(refused, HashingOverloadedError)
        assert refused.retry_after
        assert scene.audited() == audited
        with scene.administering():
            assert scene.people.sign_in.sign_in(scene.attempt(user.profile.user_name)).user_id == user.id


class TestOwnPassword:
    def test_it_changes_with_the_old_one_and_not_without(self, scene: PeopleScene) -> None:
        user = scene.user()
        with scene.as_user(user):
            with pytest.raises(SignInFailedError):
                scene.people.passwords.change("wrong", _OTHER, client_address="")
            scene.people.passwords.change(GOOD_PASSWORD, _OTHER, client_address="")
        assert isinstance(scene.refusal(scene.attempt(user.profile.user_name)), SignInFailedError)
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
