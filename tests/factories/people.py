"""Users, service accounts and groups without a server: what signs people in, on a clock that a test sets."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from function_backend.kernel.call import Call
from function_backend.kernel.identity import Principal
from function_backend.kernel.secret import Secret
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.entitlement import NOTHING, Entitlement
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.errors.sign_in import SignInDelayedError, SignInError, SignInFailedError
from function_backend.services.auth.ports import PasswordAttempt
from function_backend.services.auth.service.new_password import PasswordPolicies, UsualPolicies
from function_backend.services.auth.service.people import People, Surroundings, open_people
from function_backend.services.auth.service.session_end import NoSessions
from function_backend.services.auth.service.user_notices import UserNotices
from function_backend.services.auth.settings import AuthSettings
from tests.factories.auth import a_principal, calling
from tests.fixtures.clock import SetClock
from tests.fixtures.server import MASTER_KEY


class NothingGranted:
    """Where there are no roles: nobody holds anything by them, so nobody can hand on too much or be missed."""

    def find(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> Entitlement:
        """Nothing."""
        del driver, tenant_id, kind, subject_id
        return NOTHING

    def refuse_unless_held(self, work: UnitOfWork, group_id: UUID) -> None:
        """Never refuses."""
        del work, group_id

    def refuse_if_nobody_is_left(self, work: UnitOfWork) -> None:
        """Never refuses."""
        del work


GOOD_PASSWORD = "violet-harbour-92"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleScene:
    """The use cases with a tenant of their own."""

    people: People
    clock: SetClock
    administrator: Principal
    database_url: str

    @contextmanager
    def administering(self) -> Iterator[Call]:
        """A call by the tenant's administrator."""
        with calling(self.administrator) as call:
            yield call

    @contextmanager
    def as_user(self, user: User) -> Iterator[Call]:
        """A call by the user itself."""
        principal = replace(self.administrator, kind="user", id=user.id)
        with calling(principal) as call:
            yield call

    def user(self, *, password: str = GOOD_PASSWORD, **fields: Any) -> User:  # noqa: ANN401 - fields of a profile
        """A new user with a password."""
        profile = Profile(user_name=fields.pop("user_name", f"u{secrets.token_hex(6)}"), **fields)
        with self.administering():
            return self.people.users.create(profile, Checks(), password=password)

    def attempt(
        self, login: str, password: str = GOOD_PASSWORD, *, otp: str = "", address: str = ""
    ) -> PasswordAttempt:
        """What somebody presents."""
        return PasswordAttempt(login=login, password=password, otp=otp, client_address=address)

    def refusal(self, attempt: PasswordAttempt) -> SignInError:
        """Why signing in fails."""
        with self.administering(), pytest.raises(SignInError) as refused:
            self.people.sign_in.sign_in(attempt)
        return refused.value

    def lock_out(self, user: User) -> None:
        """Guesses until the user is locked out; within a call."""
        for _ in range(100):
            with suppress(SignInFailedError, SignInDelayedError):
                self.people.sign_in.sign_in(self.attempt(user.profile.user_name, "wrong"))
            self.clock.advance(timedelta(seconds=20))
            if self.people.users.get(user.id).state_at(self.clock.now()) is UserState.LOCKED:
                return
        pytest.fail("nobody was locked out")

    def audited(self) -> list[tuple[str, dict[str, str]]]:
        """What the tenant's audit trail says, oldest first: the last part of the type, and the details."""
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(
                "select event_type, details from audit_record where tenant_id = %s order by seq",
                (self.administrator.tenant_id,),
            ).fetchall()
        return [(str(kind).rpartition(".")[2], details or {}) for kind, details in rows]


def people_scene(
    resources: Resources,
    clock: SetClock,
    database_url: str,
    *,
    policies: PasswordPolicies | None = None,
    granted: NothingGranted | None = None,
    settings: AuthSettings | None = None,
) -> PeopleScene:
    """A scene with cheap hashes; its tenant is made behind everybody's back."""
    chosen = settings or cheap_settings()
    ticking = replace(resources, clock=clock)
    held = granted or NothingGranted()
    people = open_people(
        ticking,
        chosen.sign_in_policy,
        Surroundings(
            secret_box=ticking.vault,
            policies=policies or UsualPolicies(),
            entitlements=held,
            grants=held,
            administrators=held,
            sessions=NoSessions(),
            notices=UserNotices(ticking.notices),
        ),
    )
    administrator = a_principal()
    _make_tenant(database_url, administrator.tenant_id)
    return PeopleScene(people=people, clock=clock, administrator=administrator, database_url=database_url)


def cheap_settings(**fields: object) -> AuthSettings:
    """Settings with hashes that cost next to nothing."""
    given = {"master_keys": (Secret(MASTER_KEY),), "argon2_memory_kib": 64, "argon2_passes": 1, **fields}
    return AuthSettings(**given)  # type: ignore[arg-type]  # by the names of the settings


def _make_tenant(database_url: str, tenant_id: UUID) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into tenant (tenant_id, name, display_name, created_at) values (%s, %s, 'People', now())",
            (tenant_id, f"t{tenant_id.hex}"),
        )
