"""What happens to the versions of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.hook import ChangeVerdict, Hook
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.rollout import Rollout, RolloutEnd
from function_backend.services.rules.domain.simulation import Simulation
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent(DomainEvent):
    """Something that was done to a hook."""

    subject_type: ClassVar[str] = "hook"

    hook: Hook

    @classmethod
    def of(cls, hook: Hook, *, at: datetime, sequence: int | None = None) -> Self:
        """The event, numbered among the changes of the hook."""
        return cls(
            subject_id=hook.id,
            sequence=hook.revision if sequence is None else sequence,
            occurred_at=at,
            details={
                "hook": hook.name,
                "name": hook.definition,
                "operations": ",".join(hook.operations),
                "mode": hook.mode.value,
                "enabled": str(hook.enabled).lower(),
                "order": str(hook.order),
            },
            hook=hook,
        )


class HookCreated(HookEvent):
    """A hook was created."""

    type: ClassVar[str] = "function.rules.v1.HookCreated"


class HookUpdated(HookEvent):
    """A hook was changed."""

    type: ClassVar[str] = "function.rules.v1.HookUpdated"


class HookDeleted(HookEvent):
    """A hook was deleted."""

    type: ClassVar[str] = "function.rules.v1.HookDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDenied(DomainEvent):
    """A change was not made, because a hook denied it or failed."""

    type: ClassVar[str] = "function.rules.v1.ChangeDenied"
    subject_type: ClassVar[str] = "hook"

    hook: Hook
    operation: str
    resource_type: str
    resource_id: UUID
    version: int
    verdict: ChangeVerdict
    decision_id: str

    @classmethod
    def of(
        cls,
        hook: Hook,
        verdict: ChangeVerdict,
        *,
        at: datetime,
        operation: str,
        resource_type: str,
        resource_id: UUID,
        version: int,
        decision_id: str,
    ) -> Self:
        """The event; `version` is 0 and `decision_id` empty where nothing could be decided."""
        details = {
            "outcome": "failed" if verdict.failure else "denied",
            "hook": hook.name,
            "operation": operation,
            "resource": f"{resource_type}/{resource_id}",
            "name": hook.definition,
            "version": str(version),
            "rule_id": verdict.rule_id,
            "reason_code": verdict.reason_code,
            "reason": verdict.failure or verdict.reason,
            "decision_id": decision_id,
        }
        return cls(
            subject_id=hook.id,
            sequence=hook.revision,
            occurred_at=at,
            details={name: value for name, value in details.items() if value},
            hook=hook,
            operation=operation,
            resource_type=resource_type,
            resource_id=resource_id,
            version=version,
            verdict=verdict,
            decision_id=decision_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationEvent(DomainEvent):
    """Something that was done to a simulation."""

    subject_type: ClassVar[str] = "simulation"
    number: ClassVar[int]
    """Its place among what may be done to one."""

    simulation: Simulation

    @classmethod
    def of(cls, simulation: Simulation, *, at: datetime) -> Self:
        """The event. The digests are those of the definition that is tried out."""
        digest = bytes.fromhex(simulation.content_hash)
        return cls(
            subject_id=simulation.id,
            sequence=cls.number,
            occurred_at=at,
            before_digest=None if cls.number == 1 else digest,
            after_digest=digest if cls.number < _DELETED else None,
            details={
                "name": simulation.name,
                "version": str(simulation.version),
                "content_hash": simulation.content_hash,
            },
            simulation=simulation,
        )


_DELETED = 3


class SimulationCreated(SimulationEvent):
    """A simulation was asked for."""

    type: ClassVar[str] = "function.rules.v1.SimulationCreated"
    number: ClassVar[int] = 1


class SimulationCancelled(SimulationEvent):
    """A simulation was cancelled."""

    type: ClassVar[str] = "function.rules.v1.SimulationCancelled"
    number: ClassVar[int] = 2


class SimulationDeleted(SimulationEvent):
    """A simulation was deleted."""

    type: ClassVar[str] = "function.rules.v1.SimulationDeleted"
    number: ClassVar[int] = _DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutEvent(DomainEvent):
    """Something that was done to the rollout of a decision."""

    subject_type: ClassVar[str] = "definition"

    name: str
    rollout: Rollout
    end: RolloutEnd | None
    comment: str

    @classmethod
    def of(
        cls,
        definition: RegisteredDefinition,
        rollout: Rollout,
        *,
        before: Rollout | None,
        comment: str,
        end: RolloutEnd | None = None,
    ) -> Self:
        """The event, numbered among the changes of the decision. The digests are those of the candidates."""
        details = {
            "name": definition.name,
            "candidate_version": str(rollout.candidate),
            "content_hash": rollout.content_hash,
            "mode": rollout.mode.value,
            "percent": f"{rollout.hundredths / 100:g}",
        }
        if end is not None:
            details["end"] = end.value
        if comment:
            details["comment"] = comment
        return cls(
            subject_id=definition.id,
            sequence=definition.revision,
            occurred_at=definition.updated_at,
            before_digest=None if before is None else bytes.fromhex(before.content_hash),
            after_digest=None if end is not None else bytes.fromhex(rollout.content_hash),
            details=details,
            name=definition.name,
            rollout=rollout,
            end=end,
            comment=comment,
        )


class RolloutSet(RolloutEvent):
    """A rollout began, or changed."""

    type: ClassVar[str] = "function.rules.v1.RolloutSet"


class RolloutEnded(RolloutEvent):
    """A rollout ended."""

    type: ClassVar[str] = "function.rules.v1.RolloutEnded"
