"""Finding out which client calls: by its secret, by an assertion that it signed, or by its name alone."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.call import current_call
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.client_assertion import (
    ASSERTION_TYPE,
    AssertionRefusedError,
    prove,
    read_assertion,
)
from function_backend.services.auth.domain.client_credential import CredentialKind, UsableCredential
from function_backend.services.auth.domain.grant import Client, PresentedClient
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.secret_text import CLIENT_SECRET, looks_right
from function_backend.services.auth.errors.oauth import OAuthInvalidClientError, OAuthInvalidRequestError
from function_backend.services.auth.events.client_credential import ClientRefused
from function_backend.services.auth.repository.client_credential import ClientCredentialRepository, find_usable
from function_backend.services.auth.repository.device_authorization import find_active_tenant
from function_backend.services.auth.service.anonymous import work_as_service_account, work_in
from function_backend.services.auth.service.grant_ports import SubjectStates

_LOG = logging.getLogger(__name__)
_USE_NOTED_EVERY = timedelta(minutes=1)
_REFUSAL_NOTED_EVERY = 60.0
_REFUSED_CLIENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a client has proven. Whether its account still stands is found out in the transaction that acts on it."""

    client: Client
    credential: UsableCredential | None = None


class ClientAuthentication:
    """Authenticates clients. Whatever is wrong, the answer is the same."""

    def __init__(self, *, transactions: Transactions, clock: Clock, states: SubjectStates, rules: GrantRules) -> None:
        self._transactions = transactions
        self._clock = clock
        self._states = states
        self._rules = rules
        self._refused: LocalCache[UUID, bool] = LocalCache(size=_REFUSED_CLIENTS, ttl=_REFUSAL_NOTED_EVERY)

    def check(self, presented: PresentedClient) -> Proof:
        """The proof of what is presented; from here on the call acts in the name of the client or its tenant.

        Raises OAuthInvalidClientError, and OAuthInvalidRequestError for a client that proves itself in two ways.
        """
        if presented.secret and presented.assertion:
            raise OAuthInvalidRequestError("A client authenticates in one way: send a secret or an assertion.")
        if presented.assertion or presented.assertion_type:
            return self._by_assertion(presented)
        if presented.secret:
            return self._by_secret(presented)
        if presented.client_id in self._rules.first_party_clients:
            return self._by_name(presented)
        raise OAuthInvalidClientError

    def proves_itself(self, presented: PresentedClient) -> bool:
        """Whether the client presents more than its name."""
        return bool(presented.secret or presented.assertion or presented.assertion_type)

    def confirm(self, work: UnitOfWork, proof: Proof) -> Client:
        """The client, once its account stands; notes the use. Raises OAuthInvalidClientError."""
        client, credential = proof.client, proof.credential
        if client.account_id is None:
            return client
        if not self._states.is_active(work, SubjectKind.SERVICE_ACCOUNT, client.account_id):
            raise OAuthInvalidClientError
        now = self._clock.now()
        if credential is not None and (
            credential.last_used_at is None or credential.last_used_at + _USE_NOTED_EVERY < now
        ):
            ClientCredentialRepository(work).note_use(credential.id, at=now)
        return client

    def _by_secret(self, presented: PresentedClient) -> Proof:
        client_id = _account(presented.client_id)
        if not looks_right(presented.secret, CLIENT_SECRET):
            raise OAuthInvalidClientError
        found = digest(presented.secret)
        usable = self._usable(client_id)
        for credential in usable:
            if credential.kind is CredentialKind.SECRET and hmac.compare_digest(credential.digest or b"", found):
                return _proven(client_id, credential)
        self._note_refusal(client_id, usable, "secret")
        raise OAuthInvalidClientError

    def _by_assertion(self, presented: PresentedClient) -> Proof:
        if presented.assertion_type != ASSERTION_TYPE:
            raise OAuthInvalidRequestError(f"client_assertion_type must be '{ASSERTION_TYPE}'.")
        try:
            assertion = read_assertion(presented.assertion)
            if presented.client_id and presented.client_id != str(assertion.client_id):
                raise AssertionRefusedError("it speaks for another client")
        except AssertionRefusedError as error:
            _LOG.info("an assertion was refused", extra={"cause": str(error)})
            raise OAuthInvalidClientError from None
        usable = self._usable(assertion.client_id)
        try:
            proven = prove(assertion, usable, audiences=self._rules.assertion_audiences, now=self._clock.now())
        except AssertionRefusedError as error:
            _LOG.info("an assertion was refused", extra={"cause": str(error)})
            self._note_refusal(assertion.client_id, usable, "assertion")
            raise OAuthInvalidClientError from None
        proof = _proven(assertion.client_id, proven.credential)
        # In a transaction of its own: it stays used up whatever becomes of the grant.
        with self._transactions() as work:
            fresh = ClientCredentialRepository(work).use_up(assertion.client_id, proven)
        if not fresh:
            self._note_refusal(assertion.client_id, usable, "replayed_assertion")
            raise OAuthInvalidClientError
        return proof

    def _note_refusal(self, client_id: UUID, usable: Sequence[UsableCredential], cause: str) -> None:
        """Leaves a trace in the audit of the account's tenant; now and then, for whoever knows an id may ask for ever.

        In a transaction of its own, since the call fails.
        """
        if not usable or self._refused.get(client_id):
            return
        self._refused.put(client_id, True)  # noqa: FBT003
        work_in(usable[0].tenant_id)
        call = current_call.get()
        address = "" if call is None else call.client_address()
        with self._transactions.apart() as work:
            work.record(ClientRefused.of(client_id, at=self._clock.now(), cause=cause, client_address=address))

    def _by_name(self, presented: PresentedClient) -> Proof:
        name = presented.tenant
        if not name:
            raise OAuthInvalidRequestError("tenant is missing: no service account names it.")
        tenant_id = self._transactions.without_tenant(lambda driver: find_active_tenant(driver, name))
        if tenant_id is None:
            raise OAuthInvalidClientError
        work_in(tenant_id)
        return Proof(client=Client(id=presented.client_id, tenant_id=tenant_id, account_id=None))

    def _usable(self, client_id: UUID) -> list[UsableCredential]:
        now = self._clock.now()
        found = self._transactions.without_tenant(lambda driver: find_usable(driver, client_id, at=now))
        return [credential for credential in found if credential.tenant_is_active]


def _account(client_id: str) -> UUID:
    try:
        found = UUID(client_id)
    except ValueError:
        raise OAuthInvalidClientError from None
    if str(found) != client_id:
        raise OAuthInvalidClientError
    return found


def _proven(client_id: UUID, credential: UsableCredential) -> Proof:
    work_as_service_account(credential.tenant_id, client_id)
    client = Client(id=str(client_id), tenant_id=credential.tenant_id, account_id=client_id)
    return Proof(client=client, credential=credential)
