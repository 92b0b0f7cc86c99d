"""What the platform itself seals for each tenant."""

from __future__ import annotations

from function_backend.vault.index_keys import root_purpose, tenant_index_key_table
from function_backend.vault.sealed_table import SealedColumn, SealedTable

CORE_PLACES = (SealedTable(tenant_index_key_table, (SealedColumn(sealed="sealed_key", purpose=root_purpose),), key=()),)
