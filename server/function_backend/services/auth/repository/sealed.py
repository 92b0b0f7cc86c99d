"""What the slice seals at rest: who the users are, from where they signed in, the seeds of their second factors."""

from __future__ import annotations

from function_backend.services.auth.domain.names import fold
from function_backend.services.auth.domain.totp import totp_purpose
from function_backend.services.auth.tables.session import session_table
from function_backend.services.auth.tables.user import auth_user_table, user_totp_table
from function_backend.vault.sealed_table import SealedColumn, SealedTable

USERS = SealedTable(
    auth_user_table,
    (
        SealedColumn(sealed="sealed_user_name", plain="user_name", index="user_name_key", normalise=fold),
        SealedColumn(sealed="sealed_email", plain="email", index="email_key", normalise=fold),
        SealedColumn(sealed="sealed_display_name", plain="display_name"),
        SealedColumn(sealed="sealed_attributes", plain="attributes", json=True),
    ),
)
SESSIONS = SealedTable(
    session_table,
    (
        SealedColumn(sealed="sealed_device", plain="device"),
        SealedColumn(sealed="sealed_address", plain="address"),
    ),
)
SECOND_FACTORS = SealedTable(
    user_totp_table, (SealedColumn(sealed="sealed_secret", purpose=totp_purpose),), key=("user_id",)
)

SEALED_PLACES = (USERS, SESSIONS, SECOND_FACTORS)
