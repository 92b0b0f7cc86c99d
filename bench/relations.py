"""Relationships of a document store, as many as wanted: documents in folders, people in groups; the same ones always.

Every document lies in a folder and every folder in a root folder, and each is viewed by a group; documents have an
owner besides, and each user is in three groups. What surrounds one document is the same whatever the count: what grows
is the table. A tenant gets them by COPY, and its schema over the wire.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import grpc
import psycopg

from bench.service import Service
from function.auth.v1 import (
    relation_schema_service_pb2,
    relation_schema_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)

SCHEMA = """
definition user {}

definition group {
    relation member: user
}

definition folder {
    relation parent: folder
    relation viewer: user | group#member
    permission view = viewer + parent->view
}

definition document {
    relation folder: folder
    relation owner: user
    relation viewer: user | group#member
    relation banned: user
    permission edit = owner
    permission view = owner + viewer + folder->view - banned
}
"""

_PER_DOCUMENT = 3
_GROUPS_OF_A_USER = 3
_DOCUMENTS_OF_A_FOLDER = 50
_FOLDERS_OF_A_ROOT = 20
_COPY = (
    "copy relation_tuple (tenant_id, resource_type, resource_id, relation, subject_type, subject_id, subject_relation, "
    "created_at, writer, reason) from stdin"
)
_PATIENCE = 60


@dataclass(frozen=True)
class Sizes:
    """How many of everything there are for about this many relationships."""

    documents: int
    folders: int
    roots: int
    groups: int
    users: int

    @classmethod
    def of(cls, tuples: int) -> Sizes:
        """About so many relationships: three for each document, the rest for folders and members."""
        documents = max(50, tuples * 7 // 10 // _PER_DOCUMENT)
        users = max(20, tuples // 15)
        folders = max(2, documents // _DOCUMENTS_OF_A_FOLDER)
        return cls(documents, folders, max(1, folders // _FOLDERS_OF_A_ROOT), max(5, users // 20), users)

    @cached_property
    def members(self) -> Mapping[int, int]:
        """A member of each group that has one."""
        return {user * 7 % self.groups: user for user in reversed(range(self.users))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A tenant with its relationships."""

    tenant_id: str
    api_key: str
    sizes: Sizes


def tuples(sizes: Sizes) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Resource type and id, relation, subject type, id and relation of every relationship."""
    for number in range(sizes.users):
        for nth in range(_GROUPS_OF_A_USER):
            group = (number * 7 + nth * 13) % sizes.groups
            yield "group", f"g{group}", "member", "user", f"u{number}", ""
    for number in range(sizes.roots):
        yield "folder", f"r{number}", "viewer", "group", f"g{number % sizes.groups}", "member"
    for number in range(sizes.folders):
        yield "folder", f"f{number}", "parent", "folder", f"r{number % sizes.roots}", ""
        yield "folder", f"f{number}", "viewer", "group", f"g{number % sizes.groups}", "member"
    for number in range(sizes.documents):
        yield "document", f"d{number:07}", "folder", "folder", f"f{number % sizes.folders}", ""
        yield "document", f"d{number:07}", "owner", "user", f"u{number % sizes.users}", ""
        yield "document", f"d{number:07}", "viewer", "group", f"g{number % sizes.groups}", "member"


def open_store(service: Service, name: str, count: int) -> Store:
    """A new tenant of the service with about `count` relationships."""
    sizes = Sizes.of(count)
    with grpc.insecure_channel(service.address) as channel:
        tenants = tenant_service_pb2_grpc.TenantServiceStub(channel)
        made = tenants.CreateTenant(
            tenant_service_pb2.CreateTenantRequest(name=name),
            metadata=(("authorization", f"Bearer {service.api_key}"),),
            timeout=_PATIENCE,
        )
        schemas = relation_schema_service_pb2_grpc.RelationSchemaServiceStub(channel)
        schemas.WriteSchema(
            relation_schema_service_pb2.WriteSchemaRequest(text=SCHEMA),
            metadata=(("authorization", f"Bearer {made.secret}"),),
            timeout=_PATIENCE,
        )
    fill(service, made.tenant.id, sizes)
    return Store(tenant_id=made.tenant.id, api_key=made.secret, sizes=sizes)


def fill(service: Service, tenant_id: str, sizes: Sizes) -> None:
    """Writes the relationships by COPY, past the service."""
    now = datetime.now(UTC).isoformat()
    with psycopg.connect(service.database_url(), autocommit=True) as connection:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            lines = io.StringIO()
            for number, row in enumerate(tuples(sizes)):
                lines.write("\t".join((tenant_id, *row, now, "bench", "")) + "\n")
                if number % 10_000 == 0:
                    copy.write(lines.getvalue())
                    lines = io.StringIO()
            copy.write(lines.getvalue())
        connection.execute("vacuum analyze relation_tuple")
