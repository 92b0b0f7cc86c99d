"""Checking credentials, put together: what the pipeline, the servicers and the listener use of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.slice import Chore
from function_backend.resources import Resources
from function_backend.services.auth.adapters.api_key_lookup import PREFIXES_EVERY, ApiKeyLookup
from function_backend.services.auth.adapters.authenticator import CredentialAuthenticator
from function_backend.services.auth.adapters.certificate_lookup import CertificateLookup
from function_backend.services.auth.adapters.credential_memory import CredentialMemory
from function_backend.services.auth.adapters.key_uses import FLUSH_EVERY, KeyUses
from function_backend.services.auth.adapters.revocation_feed import RevocationFeed
from function_backend.services.auth.adapters.standing import Standings
from function_backend.services.auth.adapters.states import Sessions, Subjects, Tenants
from function_backend.services.auth.adapters.token_lookup import TokenLookup
from function_backend.services.auth.ports import Entitlements, TokenReader
from function_backend.services.auth.service.credentials import CredentialService
from function_backend.services.auth.service.revocations import RevocationService

_AT_THE_END = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """Everything around the checking of credentials in one worker."""

    authenticator: CredentialAuthenticator
    lookup: ApiKeyLookup
    credentials: CredentialService
    revocations: RevocationService
    feed: RevocationFeed
    chores: tuple[Chore, ...]


def check_credentials(
    resources: Resources,
    *,
    reader: TokenReader,
    entitlements: Entitlements,
    remembered: int,
    remembered_for: timedelta,
    note_session: Callable[[UUID], None],
) -> Checking:
    """What a worker checks credentials with; nothing is asked and no thread begins before it is needed."""
    transactions, clock = resources.transactions, resources.clock
    seconds = remembered_for.total_seconds()
    sessions = Sessions()
    standings = Standings(Tenants(), Subjects(), sessions, entitlements)
    uses = KeyUses(clock, remembered_for=remembered_for)
    lookup = ApiKeyLookup(transactions, clock, standings, uses)
    authenticator = CredentialAuthenticator(
        clock=clock,
        epoch_age=resources.epoch_age,
        memory=CredentialMemory(size=remembered, seconds=seconds),
        api_keys=lookup,
        tokens=TokenLookup(transactions, reader, standings),
        certificates=CertificateLookup(transactions, standings),
        note_session=note_session,
    )
    feed = RevocationFeed(transactions, clock)
    return Checking(
        authenticator=authenticator,
        lookup=lookup,
        credentials=CredentialService(authenticator, clock, remembered_seconds=seconds),
        revocations=RevocationService(transactions=transactions, feed=feed, authenticator=authenticator),
        feed=feed,
        chores=(
            Chore(FLUSH_EVERY.total_seconds(), uses.flush),
            Chore(_AT_THE_END.total_seconds(), uses.flush_all, once_more_at_the_end=True),
            Chore(PREFIXES_EVERY.total_seconds(), lookup.read_prefixes),
        ),
    )
