"""What the slice seals at rest: whom notifications are for, and what they say until they are over."""

from __future__ import annotations

from function_backend.services.notifications.domain.notification import content_purpose
from function_backend.services.notifications.tables import notification_table
from function_backend.vault.sealed_table import SealedColumn, SealedTable

NOTIFICATIONS = SealedTable(
    notification_table,
    (
        SealedColumn(sealed="sealed_address", plain="address", index="address_key"),
        SealedColumn(sealed="sealed_display_name", plain="display_name"),
        SealedColumn(sealed="sealed", purpose=content_purpose),
    ),
)

SEALED_PLACES = (NOTIFICATIONS,)
