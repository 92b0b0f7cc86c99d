"""What happens to the versions of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionEvent(DomainEvent):
    """Something that was done to a version."""

    subject_type: ClassVar[str] = "definition"

    version: Version
    comment: str = ""
    publication: Publication | None = None
    replaced_version: int = 0

    @classmethod
    def of(
        cls,
        definition: RegisteredDefinition,
        version: Version,
        *,
        before: Version | None,
        comment: str,
        publication: Publication | None = None,
        replaced_version: int = 0,
    ) -> Self:
        """The event, numbered among the changes of the decision. The digests are those of the content."""
        details = {
            "name": definition.name,
            "version": str(version.number),
            "content_hash": version.content.content_hash,
            "state": version.state.value,
        }
        if comment:
            details["comment"] = comment
        return cls(
            subject_id=definition.id,
            sequence=definition.revision,
            occurred_at=definition.updated_at,
            before_digest=None if before is None else bytes.fromhex(before.content.content_hash),
            after_digest=bytes.fromhex(version.content.content_hash),
            details=details,
            version=version,
            comment=comment,
            publication=publication,
            replaced_version=replaced_version,
        )


class DraftCreated(VersionEvent):
    """A draft was written for the first time."""

    type: ClassVar[str] = "function.rules.v1.DraftCreated"


class DraftUpdated(VersionEvent):
    """A draft was written again."""

    type: ClassVar[str] = "function.rules.v1.DraftUpdated"


class DraftDeleted(VersionEvent):
    """A draft was deleted."""

    type: ClassVar[str] = "function.rules.v1.DraftDeleted"


class VersionSubmitted(VersionEvent):
    """A review was asked for."""

    type: ClassVar[str] = "function.rules.v1.VersionSubmitted"


class VersionApproved(VersionEvent):
    """A version was approved."""

    type: ClassVar[str] = "function.rules.v1.VersionApproved"


class VersionRejected(VersionEvent):
    """A version was sent back to be a draft."""

    type: ClassVar[str] = "function.rules.v1.VersionRejected"


class DefinitionPublished(VersionEvent):
    """A version was published."""

    type: ClassVar[str] = "function.rules.v1.DefinitionPublished"


class DefinitionRetired(VersionEvent):
    """A version was retired."""

    type: ClassVar[str] = "function.rules.v1.DefinitionRetired"


class DefinitionRolledBack(VersionEvent):
    """An earlier version was put in force again."""

    type: ClassVar[str] = "function.rules.v1.DefinitionRolledBack"
