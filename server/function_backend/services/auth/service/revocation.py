"""Telling every worker that something it remembers of a credential no longer holds."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.repository.epoch import count_up

REVOCATION_TOPIC = "auth_revoked"
"""The topic under which workers hear of it at once; the text is `<what>/<tenant id>/<id>`."""


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
    count_up(work)
    work.notify(REVOCATION_TOPIC, f"{what.value}/{work.tenant_id}/{subject_id}")
