"""`urn:ietf:params:oauth:grant-type:device_code`: a device asks whether it was let in (RFC 8628 section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.device_authorization import DeviceAuthorization, DeviceState
from function_backend.services.auth.domain.grant import Client, Granted, GrantRequest, Wanted
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.secret_text import DEVICE_CODE, looks_right
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules
from function_backend.services.auth.errors.oauth import (
    OAuthAccessDeniedError,
    OAuthAuthorizationPendingError,
    OAuthExpiredTokenError,
    OAuthInvalidGrantError,
    OAuthInvalidRequestError,
    OAuthSlowDownError,
)
from function_backend.services.auth.ports import SignedIn
from function_backend.services.auth.repository.device_authorization import (
    DeviceAuthorizationRepository,
    DevicePlace,
    find_device_place,
)
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.anonymous import work_as_user, work_in
from function_backend.services.auth.service.client_authentication import ClientAuthentication, Proof
from function_backend.services.auth.service.grant_ports import SubjectStates
from function_backend.services.auth.service.session_opening import Entry, Opened, open_session
from function_backend.services.auth.service.tenant_policy import TenantPolicy
from function_backend.services.auth.service.user_notices import UserNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetIn:
    """What a device gets."""

    opened: Opened
    wanted: Wanted
    rules: TenantRules


class DeviceGrant:
    """The grant."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        policy: TenantPolicy,
        tokens: AccessTokens,
        states: SubjectStates,
        rules: GrantRules,
        notices: UserNotices,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._policy = policy
        self._tokens = tokens
        self._states = states
        self._rules = rules
        self._notices = notices

    def grant(self, request: GrantRequest) -> Granted:
        """Tokens and a session for the device, once; before that what it has to wait for."""
        if not request.device_code:
            raise OAuthInvalidRequestError("device_code is missing.")
        proof = self._clients.check(request.client) if self._clients.proves_itself(request.client) else None
        place = self._find(request.device_code)
        if place is None or (proof is not None and proof.client.tenant_id != place.tenant_id):
            raise _refused()
        if proof is None:
            work_in(place.tenant_id)
        with self._transactions() as work:
            if proof is not None:
                self._clients.confirm(work, proof)
            outcome = self._ask(work, place, request, proof)
        if isinstance(outcome, ServiceError):
            # Only now: that the device has asked is committed.
            raise outcome
        claims = self._tokens.for_session(
            outcome.opened.session, outcome.wanted, lifetime=outcome.rules.access_token_lifetime
        )
        return self._tokens.sign(claims, refresh_token=outcome.opened.refresh_token)

    def _find(self, text: str) -> DevicePlace | None:
        if not looks_right(text, DEVICE_CODE):
            return None
        place = self._transactions.without_tenant(lambda driver: find_device_place(driver, digest(text)))
        return place if place is not None and place.tenant_is_active else None

    def _ask(
        self, work: UnitOfWork, place: DevicePlace, request: GrantRequest, proof: Proof | None
    ) -> _LetIn | ServiceError:
        now = self._clock.now()
        devices = DeviceAuthorizationRepository(work)
        device = devices.find_for_update(place.id)
        if device is None or device.state is DeviceState.USED:
            raise _refused()
        client = self._owner(device, request, proof)
        rules = self._policy.of(work)
        require_allowed(rules, Grant.DEVICE_CODE)
        if device.expires_at <= now:
            return OAuthExpiredTokenError()
        too_soon = device.asked_too_soon(now)
        device = device.polled(at=now)
        devices.save(device)
        if too_soon:
            return OAuthSlowDownError(device.poll_interval)
        if device.state is DeviceState.DENIED:
            return OAuthAccessDeniedError()
        if device.state is DeviceState.PENDING or device.user_id is None:
            return OAuthAuthorizationPendingError()
        if not self._states.is_active(work, SubjectKind.USER, device.user_id):
            return OAuthAccessDeniedError()
        devices.save(device.used())
        return self._let_in(work, device, client, request, rules, now)

    def _let_in(
        self,
        work: UnitOfWork,
        device: DeviceAuthorization,
        client: Client,
        request: GrantRequest,
        rules: TenantRules,
        now: datetime,
    ) -> _LetIn:
        if device.user_id is None or device.authenticated_at is None:
            raise _refused()
        signed_in = SignedIn(user_id=device.user_id, methods=device.authentication_methods, at=device.authenticated_at)
        if client.account_id is None:
            work_as_user(work.tenant_id, device.user_id)
        wanted = Wanted(scopes=device.scopes, audience=device.audience)
        entry = Entry(signed_in=signed_in, client=client, origin=request.origin, wanted=wanted, grant=Grant.DEVICE_CODE)
        opened = open_session(work, entry, rules, at=now, notices=self._notices)
        return _LetIn(opened=opened, wanted=wanted, rules=rules)

    def _owner(self, device: DeviceAuthorization, request: GrantRequest, proof: Proof | None) -> Client:
        """A code belongs to the client that began; one that can prove itself must."""
        if proof is not None:
            if proof.client.id != device.client_id:
                raise _refused()
            return proof.client
        if device.client_id not in self._rules.first_party_clients or request.client.client_id != device.client_id:
            raise _refused()
        return Client(id=device.client_id, tenant_id=device.tenant_id, account_id=None)


def _refused() -> OAuthInvalidGrantError:
    return OAuthInvalidGrantError("The device code is not valid.")
