"""Logged events of nothing in particular."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from function.company.v1 import company_events_pb2, company_pb2
from function_backend.events.log import LoggedEvent

_MOMENT = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)


def a_logged_event(
    *,
    type_name: str = "function.company.v1.CompanyCreated",
    subject_type: str = "company",
    labels: Mapping[str, str] | None = None,
    trace_context: str = "",
    occurred_at: datetime = _MOMENT,
) -> LoggedEvent:
    """A company was created."""
    company = company_pb2.Company(id=str(UUID(int=7)), legal_name="Acme GmbH")
    return LoggedEvent(
        tenant_id=UUID(int=1),
        position=9,
        id=UUID(int=5),
        type=type_name,
        subject_type=subject_type,
        subject_id=UUID(int=7),
        sequence=3,
        occurred_at=occurred_at,
        recorded_at=_MOMENT,
        labels=labels or {},
        trace_context=trace_context,
        payload=company_events_pb2.CompanyCreated(company=company).SerializeToString(),
        actor="user:00000000-0000-0000-0000-000000000001",
    )
