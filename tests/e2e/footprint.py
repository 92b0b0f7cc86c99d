"""What a tenant's calls have left in the database, read past the service."""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from function_backend.events.audit import AuditRecord, verify
from tests.fixtures.server import RunningServer

TABLES = ("company", "company_revision", "company_identifier", "audit_record", "event", "stored_answer")
_COLUMNS = [field.name for field in fields(AuditRecord)]


@dataclass(frozen=True)
class Event:
    """One row of the log."""

    id: UUID
    type: str
    subject_id: UUID
    sequence: int
    payload: bytes


class Footprint:
    """The rows of the tenant that a key belongs to."""

    def __init__(self, server: RunningServer, key: str) -> None:
        stub = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
        request = tenant_service_pb2.GetTenantRequest()
        self.tenant = UUID(stub.GetTenant(request, metadata=server.metadata(key)).tenant.id)
        self._url = server.database.superuser_url

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with psycopg.connect(self._url) as connection:
            return {table: self._count(connection, table) for table in TABLES}

    def audit(self) -> list[AuditRecord]:
        """The audit records, whose chain holds."""
        selected = ", ".join(f"{name}::text" if name == "details" else name for name in _COLUMNS)
        query = f"select {selected}, hash from audit_record where tenant_id = %s order by seq"
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(query, [self.tenant]).fetchall()
        chain = [(AuditRecord(**dict(zip(_COLUMNS, row[:-1], strict=True))), row[-1]) for row in rows]
        assert verify(self.tenant, chain) == (chain[-1][1] if chain else verify(self.tenant, []))
        return [record for record, _ in chain]

    def events(self) -> list[Event]:
        """The events, in their order."""
        query = "select id, type, subject_id, sequence, payload from event where tenant_id = %s order by position"
        with psycopg.connect(self._url, row_factory=class_row(Event)) as connection:
            return connection.execute(query, [self.tenant]).fetchall()

    def _count(self, connection: psycopg.Connection, table: str) -> int:
        query = f"select count(*) from {table} where tenant_id = %s"
        row = connection.execute(query, [self.tenant]).fetchone()
        assert row is not None
        return int(row[0])
