"""Who is behind a credential, and what they may do: from memory, from the token itself, or from the backend."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Final

from function.auth.v1 import credential_pb2, credential_service_pb2_grpc, oauth_service_pb2
from function_backend_client.client import Client
from function_backend_client.errors import (
    FunctionBackendError,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
)
from function_backend_client.server.access_token import TokenReader, looks_like_token
from function_backend_client.server.caller import Caller, Entitled, Held, Patterns
from function_backend_client.server.callers import Callers, Remembered
from function_backend_client.server.feed import RevocationFeed
from function_backend_client.server.refusal import RefusedError, denied, unauthenticated, unavailable
from function_backend_client.server.rules import Anywhere, Decision, Related, Scope, Somewhere
from function_backend_client.server.settings import ProtectionSettings
from function_backend_client.server.signing_keys import SigningKeys

_REFUSALS_KEPT: Final = 10_000
_REFUSAL_LIFE: Final = 1.0
_LONGEST_CREDENTIAL: Final = 8192


class Verifier:
    """Decides about callers for one protected service. Threads may share it."""

    def __init__(self, client: Client, settings: ProtectionSettings) -> None:
        self._client = client
        self._settings = settings
        self._callers = Callers(settings.remembered_callers, clocks_apart=settings.leeway_seconds)
        self._keys = SigningKeys(
            self._fetch_keys, settings.algorithms, pause=settings.key_fetch_seconds, life=settings.key_life_seconds
        )
        self._own_tenant = ""
        self._reader: TokenReader | None = None
        self._reader_lock = threading.Lock()
        self._refused: dict[bytes, tuple[float, RefusedError]] = {}
        self._decisions: dict[tuple[str, str, str, str], tuple[float, bool]] = {}
        self.feed = RevocationFeed(
            client.stub(credential_service_pb2_grpc.CredentialServiceStub).WatchRevocations,
            self._callers,
            heartbeat=settings.heartbeat_seconds,
            trusted_silence=settings.trusted_silence_seconds,
        )

    def caller(self, credential: str) -> Caller:
        """The caller behind a credential. Raises RefusedError."""
        return self._remembered(credential, entitled=False).caller

    def check(self, credential: str, caller: Caller, decision: Decision) -> Caller:
        """The caller, with permissions where the rule asks for one. Raises RefusedError when they may not."""
        if isinstance(decision, Scope):
            return caller
        if isinstance(decision, Related):
            self._check_relationship(caller, decision)
            return caller
        if caller.entitled is None:
            caller = self._remembered(credential, entitled=True).caller
        if not self.permits(caller, decision):
            raise denied(decision.permission)
        return caller

    def find(self, credential: str) -> Caller | None:
        """The caller, when it is remembered and may still be trusted; for where nothing may wait."""
        remembered = self._callers.find(Callers.digest(credential))
        return remembered.caller if remembered is not None and self._trusts(remembered) else None

    def remember(self, credential: str, remembered: Remembered) -> None:
        """Keeps a caller whom somebody else has checked."""
        self._callers.keep(Callers.digest(credential), remembered, told=self._callers.told)

    def permits(self, caller: Caller, rule: object) -> bool:
        """Whether what is remembered of a caller is enough to say yes; No may also mean that somebody must be asked."""
        if isinstance(rule, Anywhere):
            return caller.may(rule.permission)
        if isinstance(rule, Somewhere):
            return caller.may(rule.permission) or bool(caller.somewhere(rule.permission))
        return rule is Scope.SIGNED_IN

    def _trusts(self, remembered: Remembered) -> bool:
        now = time.monotonic()
        if now >= remembered.until:
            return False
        # The life of an answer shrinks to this while nobody tells what is revoked.
        return now < self.feed.trusted_until or now - remembered.asked_at < self._settings.unfollowed_life_seconds

    def _remembered(self, credential: str, *, entitled: bool) -> Remembered:
        digest = Callers.digest(credential)
        remembered = self._callers.find(digest)
        if (
            remembered is not None
            and self._trusts(remembered)
            and not (entitled and remembered.caller.entitled is None)
        ):
            return remembered
        refused = self._refused.get(digest)
        if refused is not None and time.monotonic() < refused[0]:
            raise RefusedError(refused[1].refusal)
        told = self._callers.told
        try:
            remembered = self._read(credential, entitled=entitled)
        except RefusedError as error:
            self._keep_refusal(digest, error)
            raise
        except FunctionBackendError as error:
            raise unavailable() from error
        self._callers.keep(digest, remembered, told=told)
        return remembered

    def _keep_refusal(self, digest: bytes, error: RefusedError) -> None:
        """Remembers for a moment, so that whoever tries the same again and again does not reach the backend."""
        while len(self._refused) >= _REFUSALS_KEPT:
            self._refused.pop(next(iter(self._refused)), None)
        self._refused[digest] = (time.monotonic() + _REFUSAL_LIFE, RefusedError(error.refusal))

    def _read(self, credential: str, *, entitled: bool) -> Remembered:
        if not credential or len(credential) > _LONGEST_CREDENTIAL:
            raise unauthenticated("CREDENTIAL_INVALID", "the credential is not known")
        if not looks_like_token(credential):
            return self._ask(credential)
        # A forged or expired token is refused here and never reaches the backend.
        read = self._token_reader().read(credential)
        follows = time.monotonic() < self.feed.trusted_until
        if entitled or not follows or not self._callers.untouched(read.caller, read.issued_at):
            return self._ask(credential)
        now = time.monotonic()
        left = (read.caller.expires_at or 0.0) + self._settings.leeway_seconds - time.time()
        return Remembered(read.caller, now, now + left)

    def _ask(self, credential: str) -> Remembered:
        """Asks the backend. Raises RefusedError when it is not valid, FunctionBackendError when there is no answer."""
        asked_at = time.monotonic()
        answer = self._client.credentials.verify(
            bearer=credential, audience=self._settings.audience, timeout=self._settings.ask_timeout_seconds
        )
        if not answer.valid:
            raise unauthenticated(
                answer.reason or "CREDENTIAL_INVALID", answer.message or "the credential is not known"
            )
        life = answer.remember_for.ToTimedelta().total_seconds() if answer.HasField("remember_for") else 0.0
        caller = _caller(answer.identity)
        if not self._settings.any_tenant and caller.tenant_id != self._tenant():
            raise unauthenticated("CREDENTIAL_INVALID", "the credential is not known")
        if caller.expires_at is not None:
            life = min(life, caller.expires_at - time.time())
        return Remembered(caller, asked_at, asked_at + life)

    def _check_relationship(self, caller: Caller, decision: Related) -> None:
        if caller.tenant_id != self._tenant():
            # Relationships are asked for with this service's own credential, and so in its own tenant.
            raise denied(decision.permission)
        subject = decision.subject or caller.subject
        question = (caller.tenant_id, decision.resource, decision.permission, subject)
        now = time.monotonic()
        known = self._decisions.get(question)
        if known is None or now >= known[0]:
            known = (now + self._settings.decision_life_seconds, self._is_permitted(decision, subject))
            while len(self._decisions) >= self._settings.remembered_decisions:
                self._decisions.pop(next(iter(self._decisions)), None)
            self._decisions[question] = known
        if not known[1]:
            raise denied(decision.permission)

    def _is_permitted(self, decision: Related, subject: str) -> bool:
        try:
            return self._client.checks.check(
                decision.resource, decision.permission, subject=subject, timeout=self._settings.ask_timeout_seconds
            ).permitted
        except (InvalidArgumentError, NotFoundError, PreconditionError):
            # No such type or permission in the schema: nobody has it.
            return False
        except FunctionBackendError as error:
            raise unavailable() from error

    def _token_reader(self) -> TokenReader:
        with self._reader_lock:
            if self._reader is None:
                settings = self._settings
                self._reader = TokenReader(
                    self._keys,
                    issuer=settings.issuer or self._client.tokens.issuer(),
                    audience=settings.audience,
                    tenant_id=None if settings.any_tenant else self._tenant(),
                    algorithms=settings.algorithms,
                    leeway=settings.leeway_seconds,
                )
            return self._reader

    def _tenant(self) -> str:
        """The tenant of this service's own credential."""
        if not self._own_tenant:
            timeout = self._settings.ask_timeout_seconds
            self._own_tenant = self._client.credentials.who_am_i(timeout=timeout).tenant_id
        return self._own_tenant

    def _fetch_keys(self) -> list[oauth_service_pb2.Jwk]:
        request = oauth_service_pb2.GetJwksRequest()
        return list(self._client.tokens.stub.GetJwks(request, timeout=self._settings.ask_timeout_seconds).keys)


def _caller(identity: credential_pb2.CallerIdentity) -> Caller:
    """The caller, as the backend knows it."""
    signed_in = identity.authentication_time
    return Caller(
        subject=identity.subject,
        tenant_id=identity.tenant_id,
        credential_id=identity.credential_id,
        client_id=identity.client_id,
        session_id=identity.session_id,
        actors=tuple(identity.actors),
        authentication_methods=frozenset(identity.authentication_methods),
        authenticated_at=signed_in.ToDatetime(tzinfo=dt.UTC) if identity.HasField("authentication_time") else None,
        expires_at=float(identity.expire_time.seconds) if identity.HasField("expire_time") else None,
        entitled=Entitled(
            everywhere=Patterns(frozenset(identity.permissions)),
            somewhere=tuple(
                Held(
                    Patterns(frozenset(scoped.permissions)),
                    scoped.resource_type,
                    scoped.resource_id,
                    dict(scoped.labels),
                )
                for scoped in identity.scoped_permissions
            ),
            roles=tuple(identity.roles),
        ),
    )
