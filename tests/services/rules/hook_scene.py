"""A tenant with decisions and hooks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import grpc
import psycopg
import pytest

from function.auth.v1 import credential_service_pb2, credential_service_pb2_grpc
from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function.rules.v1 import definition_pb2, hook_pb2
from tests.factories.company import a_message
from tests.factories.rules import SECONDS, RulesCaller
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer
from tests.services.rules.test_authoring_rpc import refused

CREATE, UPDATE, IMPORT = "company.create", "company.update", "company.import"


SHADOW = hook_pb2.HOOK_MODE_SHADOW


PREVIOUS = {"name": "previous", "type": "optional(function.company.v1.Company)"}


def a_name() -> str:
    return f"company.n{secrets.token_hex(6)}"


class Tenant:
    """A tenant of its own: its rules, hooks and companies."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self.server = server
        self.key = make_tenant(server) if key is None else key
        self.rules = RulesCaller(server, self.key)
        self.companies = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        self.metadata = server.metadata(self.key)

    def hook(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        return self.rules.hook(method, **fields)

    def bound(self, definition: definition_pb2.Definition, *operations: str, **fields: Any) -> hook_pb2.Hook:  # noqa: ANN401
        """A hook of the published definition, which counts by now."""
        self.rules.published(definition)
        wish = {"name": a_name(), "definition": definition.name, "operations": operations or (CREATE,), **fields}
        made: hook_pb2.Hook = self.hook("CreateHook", **wish).hook
        return made

    def create(self, legal_name: str, **fields: Any) -> company_pb2.Company:  # noqa: ANN401
        request = company_service_pb2.CreateCompanyRequest(company=a_message(legal_name=legal_name), **fields)
        return self.companies.CreateCompany(request, metadata=self.metadata, timeout=SECONDS).company

    def rename(self, company: company_pb2.Company, legal_name: str) -> company_pb2.Company:
        changed = company_pb2.Company(id=company.id, legal_name=legal_name)
        request = company_service_pb2.UpdateCompanyRequest(company=changed)
        request.update_mask.paths.append("legal_name")
        return self.companies.UpdateCompany(request, metadata=self.metadata, timeout=SECONDS).company

    def refused(self, act: Callable[[], object]) -> tuple[str, dict[str, str]]:
        """The reason and its metadata."""
        with pytest.raises(grpc.RpcError) as error:
            act()
        return refused(error.value)[:2]

    def denies(self, legal_name: str = "Forbidden & Co.") -> dict[str, str]:
        """The metadata of the denial, once the hook counts in the worker."""

        def look() -> dict[str, str] | None:
            try:
                self.create(legal_name, validate_only=True)
            except grpc.RpcError as error:
                reason, metadata, _ = refused(error)
                assert reason in {"CHANGE_DENIED", "HOOK_FAILED"}
                return metadata
            return None

        return eventually(look)

    def allows(self, legal_name: str = "Forbidden & Co.") -> bool:
        """Whether it is allowed at last."""

        def look() -> bool:
            try:
                self.create(legal_name, validate_only=True)
            except grpc.RpcError:
                return False
            return True

        return eventually(look)

    def audited(self, event: str) -> list[tuple[str, dict[str, str]]]:
        """Subject and details of the audit records of the event."""
        with psycopg.connect(self.server.database.superuser_url) as connection:
            rows = connection.execute(
                "select subject_type, details from audit_record where tenant_id = %s and event_type = %s order by seq",
                [self.tenant_id, f"function.rules.v1.{event}"],
            ).fetchall()
        return [(row[0], row[1]) for row in rows]

    def count(self, table: str) -> int:
        with psycopg.connect(self.server.database.superuser_url) as connection:
            row = connection.execute(
                f"select count(*) from {table} where tenant_id = %s",
                [self.tenant_id],
            ).fetchone()
        assert row is not None
        return int(row[0])

    @property
    def tenant_id(self) -> str:
        stub = credential_service_pb2_grpc.CredentialServiceStub(self.server.channel)
        answer = stub.WhoAmI(credential_service_pb2.WhoAmIRequest(), metadata=self.metadata, timeout=SECONDS)
        return str(answer.identity.tenant_id)
