"""What notifications say, encrypted with the tenant's key until they are over."""

from __future__ import annotations

from uuid import UUID

import orjson

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.notifications.domain.notification import content_purpose
from function_backend.services.notifications.domain.template import Rendered
from function_backend.vault.vault import Vault


class Contents:
    """Seals and opens them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, work: UnitOfWork, notification_id: UUID, rendered: Rendered) -> bytes:
        """What is stored of it."""
        return self._vault.seal(work, orjson.dumps(list(rendered)), purpose=content_purpose(notification_id))

    def open(self, work: UnitOfWork, notification_id: UUID, sealed: bytes) -> Rendered:
        """What it says. Raises SecretLostError when the tenant's key is gone."""
        return Rendered(*orjson.loads(self._vault.open(work, sealed, purpose=content_purpose(notification_id))))
