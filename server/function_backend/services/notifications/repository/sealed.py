"""What the slice seals at rest: what notifications say, until they are over."""

from __future__ import annotations

from function_backend.services.notifications.domain.notification import content_purpose
from function_backend.services.notifications.tables import notification_table
from function_backend.vault.sealed_table import SealedColumn, SealedTable

SEALED_PLACES = (SealedTable(notification_table, (SealedColumn(sealed="sealed", purpose=content_purpose),)),)
