"""Telling every worker that something it remembers of a credential no longer holds."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.repository.epoch import count_up
from function_backend.services.auth.repository.revocation import log_revocation

REVOCATION_TOPIC = "auth_revoked"
"""The topic under which workers hear of it at once; the text is `<what>/<tenant id>/<id>`."""

TOLD_EPOCH_TOPIC = "auth_epoch_told"
"""The topic under which workers hear which epoch the revocation before was; one that heard it need not drop the rest
when it finds the new epoch."""


class Revoked(StrEnum):
    """What no longer holds."""

    API_KEY = "api_key"
    SESSION = "session"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a kind
    """One token alone, by its `jti`."""
    SUBJECT = "subject"
    """A user or service account: its state, its groups or what is bound to it."""
    ROLE = "role"
    TENANT = "tenant"
    CERTIFICATE = "certificate"


def revoke(work: UnitOfWork, what: Revoked, subject_id: UUID) -> None:
    """Makes every worker ask again for what it knows of this, at once by notification and within a second by the epoch.

    Called in the transaction that changes the row, as late as possible: the epoch is one row, and whoever counts it up
    holds it until the commit.
    """
    # A tenant is suspended by a caller of another one; what happens to it is its own.
    tenant_id = subject_id if what is Revoked.TENANT else work.tenant_id
    epoch = count_up(work)
    log_revocation(work, tenant_id=tenant_id, epoch=epoch, kind=what.value, subject_id=subject_id)
    work.notify(REVOCATION_TOPIC, f"{what.value}/{tenant_id}/{subject_id}")
    work.notify(TOLD_EPOCH_TOPIC, str(epoch))
