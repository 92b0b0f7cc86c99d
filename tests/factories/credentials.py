"""What a worker checks credentials with, built as the slice builds it."""

from __future__ import annotations

from datetime import timedelta

from function_backend.resources import Resources
from function_backend.services.auth.adapters.session_uses import SessionUses
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.repository.entitlement import EntitlementRepository
from function_backend.services.auth.service.checking import Checking, check_credentials
from function_backend.services.auth.service.keys import open_keys
from function_backend.services.auth.settings import AuthSettings


def checking_of(
    resources: Resources, *, remembered: int = 100, remembered_for: timedelta = timedelta(minutes=1)
) -> Checking:
    """Everything around the checking of credentials in one worker."""
    built_in = BuiltInRoles(PermissionCatalogue(resources.permission_catalogue, resources.methods))
    return check_credentials(
        resources,
        reader=open_keys(resources, AuthSettings().key_policy).reader,
        entitlements=EntitlementRepository(built_in.by_id, now=resources.clock.now),
        remembered=remembered,
        remembered_for=remembered_for,
        note_session=SessionUses(resources.clock).note,
    )
