"""Tenants on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import auth_events_pb2, tenant_events_pb2, tenant_pb2, tenant_service_pb2
from function_backend.services.auth.domain.tenant import Tenant, TenantState
from function_backend.services.auth.domain.tenant_change import TenantDraft
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules, TenantSettings
from function_backend.services.auth.errors.tenant import unfit_setting
from function_backend.services.auth.events.tenant import (
    TenantCreated,
    TenantDeleted,
    TenantExported,
    TenantResumed,
    TenantSuspended,
    TenantUpdated,
)
from function_backend.services.auth.repository.table_export import ExportRecord
from function_backend.timestamps import timestamp

_STATES = {
    TenantState.ACTIVE: tenant_pb2.TENANT_STATE_ACTIVE,
    TenantState.SUSPENDED: tenant_pb2.TENANT_STATE_SUSPENDED,
    TenantState.DELETED: tenant_pb2.TENANT_STATE_DELETED,
}
_GRANTS = {
    Grant.PASSWORD: tenant_pb2.GRANT_PASSWORD,
    Grant.CLIENT_CREDENTIALS: tenant_pb2.GRANT_CLIENT_CREDENTIALS,
    Grant.REFRESH_TOKEN: tenant_pb2.GRANT_REFRESH_TOKEN,
    Grant.TOKEN_EXCHANGE: tenant_pb2.GRANT_TOKEN_EXCHANGE,
    Grant.DEVICE_CODE: tenant_pb2.GRANT_DEVICE_CODE,
}
_GRANT_OF = {number: grant for grant, number in _GRANTS.items()}


def tenant(value: Tenant, default: TenantRules | None = None) -> tenant_pb2.Tenant:
    """The tenant as callers see it; with the installation's rules, also what holds for it."""
    return tenant_pb2.Tenant(
        id=str(value.id),
        name=value.name,
        display_name=value.display_name,
        create_time=timestamp(value.created_at),
        parent_id="" if value.parent_id is None else str(value.parent_id),
        state=_STATES[value.state],
        settings=_settings(value.settings),
        effective_settings=None if default is None else _settings(value.settings.rules(default)),
        etag=value.etag,
        update_time=timestamp(value.updated_at),
        suspend_time=timestamp(value.suspended_at),
        delete_time=timestamp(value.deleted_at),
    )


def tenant_draft(request: tenant_service_pb2.UpdateTenantRequest) -> TenantDraft:
    """The new values that the request has."""
    return TenantDraft(display_name=request.tenant.display_name, settings=_read_settings(request.tenant.settings))


def export_records(records: Sequence[ExportRecord]) -> list[tenant_service_pb2.ExportedRecord]:
    """The records of an export."""
    return [tenant_service_pb2.ExportedRecord(type=each.type, id=each.id, json=each.json) for each in records]


def tenant_created(event: TenantCreated) -> bytes:
    """The event's message."""
    return auth_events_pb2.TenantCreated(tenant=tenant(event.tenant)).SerializeToString()


def tenant_updated(event: TenantUpdated) -> bytes:
    """The event's message."""
    return tenant_events_pb2.TenantUpdated(tenant=tenant(event.tenant)).SerializeToString()


def tenant_suspended(event: TenantSuspended) -> bytes:
    """The event's message."""
    return tenant_events_pb2.TenantSuspended(tenant=tenant(event.tenant)).SerializeToString()


def tenant_resumed(event: TenantResumed) -> bytes:
    """The event's message."""
    return tenant_events_pb2.TenantResumed(tenant=tenant(event.tenant)).SerializeToString()


def tenant_deleted(event: TenantDeleted) -> bytes:
    """The event's message."""
    return tenant_events_pb2.TenantDeleted(tenant=tenant(event.tenant)).SerializeToString()


def tenant_exported(event: TenantExported) -> bytes:
    """The event's message."""
    return tenant_events_pb2.TenantExported(tenant=tenant(event.tenant)).SerializeToString()


def _settings(value: TenantSettings | TenantRules) -> tenant_pb2.TenantSettings:
    return tenant_pb2.TenantSettings(
        password_min_length=value.password_min_length,
        second_factor_required=value.second_factor_required,
        password_history=value.password_history,
        session_idle_lifetime=_duration(value.session_idle_lifetime),
        session_absolute_lifetime=_duration(value.session_absolute_lifetime),
        access_token_lifetime=_duration(value.access_token_lifetime),
        refresh_token_lifetime=_duration(value.refresh_token_lifetime),
        allowed_grants=sorted(_GRANTS[grant] for grant in value.allowed_grants or ()),
    )


def _read_settings(message: tenant_pb2.TenantSettings) -> TenantSettings:
    def span(name: str) -> timedelta | None:
        # In whole seconds: no rule needs more, and what is stored is then what is shown.
        return timedelta(seconds=getattr(message, name).seconds) if message.HasField(name) else None  # type: ignore[arg-type]  # checked by the names below

    try:
        return TenantSettings(
            password_min_length=message.password_min_length if message.HasField("password_min_length") else None,
            second_factor_required=(
                message.second_factor_required if message.HasField("second_factor_required") else None
            ),
            password_history=message.password_history if message.HasField("password_history") else None,
            session_idle_lifetime=span("session_idle_lifetime"),
            session_absolute_lifetime=span("session_absolute_lifetime"),
            access_token_lifetime=span("access_token_lifetime"),
            refresh_token_lifetime=span("refresh_token_lifetime"),
            allowed_grants=frozenset(_GRANT_OF[number] for number in message.allowed_grants) or None,
        )
    except (ValueError, OverflowError) as error:
        raise unfit_setting(str(error)) from None


def _duration(span: timedelta | None) -> Duration | None:
    return None if span is None else Duration(seconds=int(span.total_seconds()))
