"""Creating, reading, changing and deleting users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.group import Member, MemberKind
from function_backend.services.auth.domain.throttle import key_of_user
from function_backend.services.auth.domain.user import PROFILE_FIELDS, Profile, User, UserState
from function_backend.services.auth.errors.user import UserNotFoundError
from function_backend.services.auth.events.user import UserCreated, UserDeleted, UserUpdated
from function_backend.services.auth.repository.group_member import GroupMemberRepository
from function_backend.services.auth.repository.sign_in_throttle import SignInThrottleRepository
from function_backend.services.auth.repository.user import UserFilter, UserRepository
from function_backend.services.auth.repository.user_password import StoredPassword, UserPasswordRepository
from function_backend.services.auth.service.locking_user import lock_user
from function_backend.services.auth.service.new_password import NewPasswords
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUsers:
    """The users asked for, and the ids that do not exist."""

    users: Sequence[User]
    missing: Sequence[UUID]


class Users:
    """The use cases of users as such."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        new_passwords: NewPasswords,
        standing: Standing,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._new_passwords = new_passwords
        self._standing = standing

    def create(self, profile: Profile, checks: Checks, *, password: str) -> User:
        """A new user who is active; with a password it can sign in."""
        checked = profile.checked(checks, "user")
        checks.complete()
        hashed = ""
        if password:
            with self._transactions.apart(read_only=True) as work:
                expected = self._new_passwords.expected(work, checked)
            hashed = self._new_passwords.hashed(password, expected, named="password")
        now = self._clock.now()
        user = User(id=new_id(), version=1, profile=checked, state=UserState.ACTIVE, created_at=now, updated_at=now)
        with self._transactions() as work:
            UserRepository(work).add(user)
            if hashed:
                stored = StoredPassword(hash=hashed, changed_at=now, must_change=False)
                UserPasswordRepository(work).set(user.id, stored)
            work.record(UserCreated.of(None, user))
        return user

    def get(self, user_id: UUID) -> User:
        """The user."""
        with self._transactions.reading() as work:
            user = UserRepository(work).find(user_id)
        if user is None:
            raise UserNotFoundError(user_id)
        return user

    def batch_get(self, user_ids: Sequence[UUID], *, allow_missing: bool) -> FoundUsers:
        """The users in the order of the ids; UserNotFoundError for the first unknown one unless that is allowed."""
        with self._transactions.reading() as work:
            found = UserRepository(work).find_many(user_ids)
        missing = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in found]
        if missing and not allow_missing:
            raise UserNotFoundError(missing[0])
        return FoundUsers(users=[found[user_id] for user_id in user_ids if user_id in found], missing=missing)

    def list(
        self,
        page_size: int,
        page_token: str,
        *,
        states: Sequence[UserState],
        email: str = "",
        user_name: str = "",
        user_name_prefix: str = "",
    ) -> tuple[Page[User], str]:
        """A page of the users that fit, in order of id, and the token of the next one."""
        only = UserFilter(
            states=states,
            email=email,
            user_name=user_name,
            user_name_prefix=user_name_prefix,
            now=self._clock.now(),
        )
        with self._transactions.reading() as work:
            named = ",".join(sorted(state.value for state in states))
            query = (str(work.tenant_id), "users", named, email, user_name, user_name_prefix)
            page = UserRepository(work).list_after(
                after(self._page_tokens, query, page_token), limit=page_size or DEFAULT_PAGE_SIZE, only=only
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, user_id: UUID, profile: Profile, checks: Checks, *, mask: Sequence[str], etag: str) -> User:
        """The changed user; nothing is written when nothing differs."""
        fields = profile.masked(checks, mask)
        checked = profile.checked(checks, "user", fields)
        checks.complete()
        with self._transactions() as work:
            user = lock_user(work, user_id, etag=etag)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            wanted = user.profile.with_fields(checked, fields)
            differing = tuple(name for name in PROFILE_FIELDS if getattr(wanted, name) != getattr(user.profile, name))
            if not differing:
                return user
            changed = replace(user.changed(at=self._clock.now()), profile=wanted)
            UserRepository(work).save(changed)
            work.record(UserUpdated.of_fields(user, changed, fields=differing))
        return changed

    def delete(self, user_id: UUID, *, etag: str) -> User:
        """The user as it was; every credential of it is refused within a second."""
        with self._transactions() as work:
            user = lock_user(work, user_id, etag=etag)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            GroupMemberRepository(work).remove_everywhere(Member(MemberKind.USER, user_id))
            UserRepository(work).delete(user_id)
            SignInThrottleRepository(work).forget(key_of_user(user_id))
            self._standing.require_somebody_left(work)
            work.record(UserDeleted.of_last(user, at=self._clock.now()))
            revoke(work, Revoked.SUBJECT, user_id)
        return user
