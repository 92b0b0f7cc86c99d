"""What the slice seals at rest: the secrets that deliveries are signed with."""

from __future__ import annotations

from uuid import UUID

from function_backend.services.webhooks.domain.secret import secret_purpose
from function_backend.services.webhooks.tables import secret_table
from function_backend.vault.sealed_table import SealedColumn, SealedTable


def _purpose(row_id: str) -> str:
    endpoint_id, _, _ = row_id.partition("/")
    return secret_purpose(UUID(endpoint_id))


SEALED_PLACES = (
    SealedTable(secret_table, (SealedColumn(sealed="sealed", purpose=_purpose),), key=("endpoint_id", "id")),
)
