"""Devices without a keyboard: one asks to be let in, and a person lets it in or refuses it (RFC 8628)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.device_authorization import (
    MORE_BETWEEN_POLLS,
    DeviceAuthorization,
    DeviceState,
    new_user_code,
    read_user_code,
)
from function_backend.services.auth.domain.entitlement import is_narrowed
from function_backend.services.auth.domain.grant import Origin, PresentedClient
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.secret_text import DEVICE_CODE, mint
from function_backend.services.auth.domain.session import clean_address
from function_backend.services.auth.domain.tenant_settings import Grant
from function_backend.services.auth.errors.oauth import OAuthSlowDownError
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.errors.session import DeviceRequestNotFoundError, NotAPersonError
from function_backend.services.auth.events.device_authorization import (
    DeviceAuthorizationCreated,
    DeviceAuthorizationDecided,
)
from function_backend.services.auth.ports import Entitlements
from function_backend.services.auth.repository.device_authorization import DeviceAuthorizationRepository
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.tenant_policy import TenantPolicy

_MOST_WAITING = 1_000
"""Devices of a tenant that may wait at once: nobody fills the table who has only the tenant's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWaits:
    """A device's request, with the code that only the device is told."""

    device: DeviceAuthorization
    device_code: str = field(repr=False)


class DeviceService:
    """The use cases of devices and of those who let them in."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        policy: TenantPolicy,
        tokens: AccessTokens,
        entitlements: Entitlements,
        rules: GrantRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._policy = policy
        self._tokens = tokens
        self._entitlements = entitlements
        self._rules = rules

    def authorize(
        self, client: PresentedClient, *, scope: str, audience: tuple[str, ...], origin: Origin
    ) -> DeviceWaits:
        """A new request, which waits for a person."""
        proof = self._clients.check(client)
        wanted = self._tokens.wanted(scope, audience)
        now = self._clock.now()
        text = mint(DEVICE_CODE)
        with self._transactions() as work:
            known = self._clients.confirm(work, proof)
            require_allowed(self._policy.of(work), Grant.DEVICE_CODE)
            devices = DeviceAuthorizationRepository(work)
            if devices.count_waiting(at=now) >= _MOST_WAITING:
                raise OAuthSlowDownError(self._rules.device_interval + MORE_BETWEEN_POLLS)
            device = DeviceAuthorization(
                id=new_id(),
                tenant_id=work.tenant_id,
                user_code=new_user_code(),
                client_id=known.id,
                scopes=wanted.scopes,
                audience=wanted.audience,
                address=clean_address(origin.address),
                created_at=now,
                expires_at=now + self._rules.device_lifetime,
                poll_interval=self._rules.device_interval,
            )
            # Two of a thousand among 25 billion codes are the same once in 50,000 days.
            while not devices.add(device, digest=text.digest):
                device = replace(device, user_code=new_user_code())
            work.record(DeviceAuthorizationCreated.of(device))
        return DeviceWaits(device=device, device_code=text.text)

    def get(self, user_code: str) -> DeviceAuthorization:
        """The waiting request that shows the code."""
        with self._transactions.reading() as work:
            device = DeviceAuthorizationRepository(work).find_by_user_code(read_user_code(user_code))
        if device is None or not device.waits(self._clock.now()):
            raise DeviceRequestNotFoundError
        return device

    def approve(self, user_code: str) -> DeviceAuthorization:
        """The request after the caller has let the device in, with no more than the caller's credential allows."""
        now = self._clock.now()
        with self._transactions() as work:
            person = _person(work)
            device = self._locked(work, user_code)
            if device.state is DeviceState.APPROVED and device.user_id == person.id:
                return device
            if not device.waits(now):
                raise DeviceRequestNotFoundError
            approved = replace(
                device,
                state=DeviceState.APPROVED,
                scopes=self._scopes(work, person, device),
                user_id=person.id,
                authentication_methods=person.authentication_methods,
                authenticated_at=person.authenticated_at or now,
                decided_at=now,
            )
            self._decide(work, approved)
        return approved

    def deny(self, user_code: str) -> DeviceAuthorization:
        """The request after the caller has refused the device."""
        now = self._clock.now()
        with self._transactions() as work:
            person = _person(work)
            device = self._locked(work, user_code)
            if device.state is DeviceState.DENIED and device.user_id == person.id:
                return device
            if not device.waits(now):
                raise DeviceRequestNotFoundError
            denied = device.denied(person.id, at=now)
            self._decide(work, denied)
        return denied

    def _locked(self, work: UnitOfWork, user_code: str) -> DeviceAuthorization:
        device = DeviceAuthorizationRepository(work).find_by_user_code_for_update(read_user_code(user_code))
        if device is None or device.expires_at <= self._clock.now():
            raise DeviceRequestNotFoundError
        return device

    def _decide(self, work: UnitOfWork, device: DeviceAuthorization) -> None:
        DeviceAuthorizationRepository(work).save(device)
        work.record(DeviceAuthorizationDecided.of(device, at=device.decided_at or self._clock.now()))

    def _scopes(self, work: UnitOfWork, person: Principal, device: DeviceAuthorization) -> frozenset[str]:
        """What the device is let in for: what it asked for, cut to what the approver's credential allows.

        A person whose credential is narrowed to nothing gives what was asked, and for nothing in particular whatever
        the person may do from time to time.
        """
        entitlement = self._entitlements.find(work.driver, work.tenant_id, SubjectKind.USER, person.id)
        if not is_narrowed(person, entitlement):
            return device.scopes
        held = person.permissions
        wanted = PermissionSet(device.scopes or entitlement.permissions.patterns)
        both = {name for name in wanted.patterns if held.covers(name)} | {
            name for name in held.patterns if wanted.covers(name)
        }
        if not both:
            # No scopes at all would mean all of them.
            raise PermissionEscalationError(min(wanted.patterns, default="*"))
        return frozenset(both)


def _person(work: UnitOfWork) -> Principal:
    principal = work.call.principal
    # Whoever acts for a person does not let further devices in.
    if principal is None or principal.kind != SubjectKind.USER.value or principal.actors:
        raise NotAPersonError
    return principal
