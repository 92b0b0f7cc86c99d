"""Writing down what was done to a version: its history, its decision, and the event."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import Step, Version, VersionAction
from function_backend.services.rules.events import VersionEvent
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.finding import TOPIC, caller_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One thing that was done to a version."""

    action: VersionAction
    event: type[VersionEvent]
    comment: str
    before: Version | None
    publication: Publication | None = None
    replaced_version: int = 0


def write_down(work: UnitOfWork, definition: RegisteredDefinition, version: Version, done: Done) -> None:
    """Adds it to the history and to the events; tells the workers where it changes what is in force.

    The decision and the version are those after it, and are stored by the use case.
    """
    step = Step(action=done.action, actor=caller_of(work), at=definition.updated_at, comment=done.comment)
    VersionRepository(work).note(version, step)
    work.record(
        done.event.of(
            definition,
            version,
            before=done.before,
            comment=done.comment,
            publication=done.publication,
            replaced_version=done.replaced_version,
        )
    )
    tell(work, definition)


def tell(work: UnitOfWork, definition: RegisteredDefinition) -> None:
    """Tells the workers that something about the decision changed."""
    work.notify(TOPIC, f"{work.tenant_id}/{definition.name}")
