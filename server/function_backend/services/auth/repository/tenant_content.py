"""What a tenant is exported as, and what of it is destroyed when it is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.events.audit import audit_record_table
from function_backend.events.audit_checkpoint import audit_checkpoint_table
from function_backend.services.auth.repository.sealed import SESSIONS, USERS
from function_backend.services.auth.repository.shredding import shred_credentials, shred_fields, shred_user_secrets
from function_backend.services.auth.repository.table_export import TableExport
from function_backend.services.auth.tables.api_key import api_key_table
from function_backend.services.auth.tables.certificate_identity import certificate_identity_table
from function_backend.services.auth.tables.client_credential import client_credential_table
from function_backend.services.auth.tables.group import auth_group_table, group_member_table
from function_backend.services.auth.tables.relation_schema import relation_schema_table
from function_backend.services.auth.tables.relation_tuple import relation_tuple_table
from function_backend.services.auth.tables.role import role_inheritance_table, role_table
from function_backend.services.auth.tables.role_binding import role_binding_table
from function_backend.services.auth.tables.service_account import service_account_table
from function_backend.services.auth.tables.session import session_table
from function_backend.services.auth.tables.tenant import tenant_table
from function_backend.services.auth.tables.user import auth_user_table

if TYPE_CHECKING:
    from sqlalchemy import Table

_TUPLE_KEY = ("resource_type", "resource_id", "relation", "subject_type", "subject_id", "subject_relation")


def _but(table: Table, *left_out: str) -> list[str]:
    """The columns of the table without these; the tenant is that of the export."""
    return [column.name for column in table.columns if column.name not in {"tenant_id", *left_out}]


TENANT_EXPORTERS: tuple[TableExport, ...] = (
    TableExport("tenant", tenant_table, ["tenant_id", *_but(tenant_table)], key=("tenant_id",)),
    TableExport(
        "user",
        auth_user_table,
        _but(auth_user_table, "user_name_key", "email_key", *USERS.sealed_columns),
        sealed=USERS,
    ),
    TableExport("service_account", service_account_table, _but(service_account_table)),
    TableExport("group", auth_group_table, _but(auth_group_table)),
    TableExport(
        "group_member", group_member_table, _but(group_member_table), key=("group_id", "member_kind", "member_id")
    ),
    TableExport("role", role_table, _but(role_table)),
    TableExport(
        "role_inheritance", role_inheritance_table, _but(role_inheritance_table), key=("role_id", "inherited_id")
    ),
    TableExport("role_binding", role_binding_table, _but(role_binding_table)),
    TableExport("api_key", api_key_table, _but(api_key_table, "digest", "previous_digest")),
    TableExport("client_credential", client_credential_table, _but(client_credential_table, "digest")),
    TableExport("certificate_identity", certificate_identity_table, _but(certificate_identity_table)),
    TableExport("session", session_table, _but(session_table, *SESSIONS.sealed_columns), sealed=SESSIONS),
    TableExport("relation_schema", relation_schema_table, _but(relation_schema_table), key=("version",)),
    TableExport("relation_tuple", relation_tuple_table, _but(relation_tuple_table), key=_TUPLE_KEY),
    TableExport("audit_record", audit_record_table, _but(audit_record_table), key=("seq",)),
    TableExport("audit_checkpoint", audit_checkpoint_table, _but(audit_checkpoint_table), key=("seq",)),
)
"""What an export of a tenant holds, in this order, without secrets."""

TENANT_SHREDDERS = (shred_user_secrets, shred_credentials, shred_fields)
"""What destroys the secrets of a deleted tenant, beside its data key and its API keys."""
