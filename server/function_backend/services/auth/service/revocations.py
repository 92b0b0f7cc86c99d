"""Following what is revoked."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from function_backend.kernel.identity import Principal
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.adapters.authenticator import CredentialAuthenticator
from function_backend.services.auth.adapters.revocation_feed import RevocationFeed, Watching
from function_backend.services.auth.domain.credential import Standing
from function_backend.services.auth.domain.revocation import RevocationPage
from function_backend.services.auth.repository.revocation import read_revocations
from function_backend.services.auth.service.credentials import VERIFY_ANY, look_up

VERIFY = "auth.credential.verify"
_DEFAULT_PAGE = 1_000


class RevocationService:
    """The use cases of the log of revocations."""

    def __init__(
        self, *, transactions: Transactions, feed: RevocationFeed, authenticator: CredentialAuthenticator
    ) -> None:
        self._transactions = transactions
        self._feed = feed
        self._authenticator = authenticator

    def list(self, caller: Principal | None, *, cursor: int, page_size: int) -> RevocationPage:
        """What was revoked after the cursor, of the caller's tenant or of all for callers that may verify any."""
        tenant_id = _whose(caller)
        return self._transactions.without_tenant(
            lambda driver: read_revocations(driver, tenant_id=tenant_id, after=cursor, limit=page_size or _DEFAULT_PAGE)
        )

    def watch(
        self,
        caller: Principal | None,
        stream: OpenStream,
        *,
        credential: str,
        cursor: int,
        heartbeat: float,
        write: Callable[[RevocationPage], bytes],
    ) -> None:
        """Tells the stream what is revoked from the cursor on, until it ends; returns at once."""
        tenant_id = _whose(caller)
        wanted = VERIFY if tenant_id is not None else VERIFY_ANY

        def may_go_on() -> bool:
            found = look_up(self._authenticator, credential).found
            self._authenticator.require_good(found)
            return found.standing is Standing.GOOD and found.principal.permissions.allows(wanted)

        watching = Watching(tenant_id=tenant_id, cursor=cursor, heartbeat=heartbeat, may_go_on=may_go_on, write=write)
        self._feed.watch(watching, stream)


def _whose(caller: Principal | None) -> UUID | None:
    """The caller's tenant; None for callers that may hear of all."""
    if caller is None:
        raise RuntimeError("the pipeline lets nobody in without a principal")
    return None if caller.permissions.allows(VERIFY_ANY) else caller.tenant_id
