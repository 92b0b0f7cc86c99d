"""Users, service accounts and groups, put together: what the rest of the slice signs people in with."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.adapters.common_passwords import common_passwords
from function_backend.services.auth.adapters.hashing_pool import HashingPool
from function_backend.services.auth.adapters.password_hashing import PasswordHashing
from function_backend.services.auth.domain.policies import SignInPolicy
from function_backend.services.auth.ports import AdministratorGuard, Entitlements, GrantGuard, SecretBox
from function_backend.services.auth.repository.sign_in_throttle import purge_throttles
from function_backend.services.auth.service.groups import Groups
from function_backend.services.auth.service.import_users import ImportUsers
from function_backend.services.auth.service.invitations import Invitations
from function_backend.services.auth.service.memberships import Memberships
from function_backend.services.auth.service.new_password import NewPasswords, PasswordPolicies
from function_backend.services.auth.service.passwords import Passwords
from function_backend.services.auth.service.second_factor import SecondFactors
from function_backend.services.auth.service.second_factor_check import SecondFactorCheck
from function_backend.services.auth.service.service_accounts import ServiceAccounts
from function_backend.services.auth.service.session_end import SessionEnd
from function_backend.services.auth.service.sign_in import SignIn
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.user_notices import UserNotices
from function_backend.services.auth.service.user_states import UserStates
from function_backend.services.auth.service.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What other parts of the slice know and do."""

    secret_box: SecretBox
    policies: PasswordPolicies
    entitlements: Entitlements
    grants: GrantGuard
    administrators: AdministratorGuard
    sessions: SessionEnd
    notices: UserNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The use cases of one worker around users, service accounts and groups."""

    hashing: PasswordHashing
    sign_in: SignIn
    """Is the `PasswordSignIn` of `ports`."""
    users: Users
    states: UserStates
    invitations: Invitations
    passwords: Passwords
    importing: ImportUsers
    second_factors: SecondFactors
    service_accounts: ServiceAccounts
    groups: Groups
    memberships: Memberships
    resources: Resources
    policy: SignInPolicy

    def close(self) -> None:
        """Ends the threads that hash."""
        self.hashing.pool.close()

    def purge(self, driver: Driver) -> int:
        """Deletes counts of failed sign-ins that nobody looks at any more."""
        return purge_throttles(driver, self.resources.clock.now() - self.policy.forget_after)


def open_people(resources: Resources, policy: SignInPolicy, around: Surroundings) -> People:
    """The use cases; no thread starts and nothing is hashed before it is needed."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    pool = HashingPool(threads=policy.hashing_threads, queue=policy.hashing_queue, niceness=policy.hashing_niceness)
    hashing = PasswordHashing(pool, policy.cost)
    standing = Standing(around.entitlements, around.grants, around.administrators)
    new_passwords = NewPasswords(hashing, around.policies, common_passwords())
    sign_in = SignIn(
        transactions=transactions,
        clock=clock,
        hashing=hashing,
        second_factors=SecondFactorCheck(around.secret_box),
        rules=policy.rules,
    )
    return People(
        hashing=hashing,
        sign_in=sign_in,
        users=Users(
            transactions=transactions,
            clock=clock,
            page_tokens=page_tokens,
            new_passwords=new_passwords,
            standing=standing,
        ),
        states=UserStates(transactions=transactions, clock=clock, standing=standing),
        invitations=Invitations(
            transactions=transactions,
            clock=clock,
            new_passwords=new_passwords,
            standing=standing,
            notices=around.notices,
        ),
        passwords=Passwords(
            transactions=transactions,
            clock=clock,
            new_passwords=new_passwords,
            sign_in=sign_in,
            standing=standing,
            sessions=around.sessions,
            notices=around.notices,
        ),
        importing=ImportUsers(transactions=transactions, clock=clock),
        second_factors=SecondFactors(
            transactions=transactions,
            clock=clock,
            secret_box=around.secret_box,
            standing=standing,
            sessions=around.sessions,
            issuer=policy.issuer,
            notices=around.notices,
        ),
        service_accounts=ServiceAccounts(
            transactions=transactions, clock=clock, page_tokens=page_tokens, standing=standing
        ),
        groups=Groups(transactions=transactions, clock=clock, page_tokens=page_tokens, standing=standing),
        memberships=Memberships(transactions=transactions, clock=clock, page_tokens=page_tokens, standing=standing),
        resources=resources,
        policy=policy,
    )
