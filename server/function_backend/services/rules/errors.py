"""The failures of rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    Resource,
)
from function_backend.services.rules.domain.hook import ChangeVerdict, Hook, Misfit
from function_backend.services.rules.domain.problem import CaseReport, DefinitionProblem
from function_backend.services.rules.domain.version import Version, VersionState

_COME_BACK = timedelta(seconds=5)
_MOST_VIOLATIONS = 50
"""More do not travel with a failure; `CheckDefinition` answers with all of them."""


class DefinitionNotFoundError(NotFoundError):
    """The tenant has no decision with this name."""

    reason = "DEFINITION_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The decision '{name}' does not exist.", metadata={"name": name}, resource=Resource("definition", name)
        )


class DefinitionNameTakenError(AlreadyExistsError):
    """The tenant has a decision with this name already."""

    reason = "DEFINITION_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The decision '{name}' exists; change it with UpdateDraft.",
            metadata={"name": name},
            resource=Resource("definition", name),
        )


class DefinitionInvalidError(InvalidArgumentError):
    """The definition cannot be read or does not add up."""

    reason = "DEFINITION_INVALID"

    def __init__(self, problems: Sequence[DefinitionProblem], *, prefix: str = "") -> None:
        """`prefix` is where the definition stands in the request, such as `definition.`."""
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        path = f"{prefix}{first.path}" or "definition"
        excerpt, _, caret = first.excerpt.partition("\n")
        super().__init__(
            f"{path}: {first.sentence}{more}",
            metadata={
                "violations": str(len(problems)),
                "path": path,
                "line": str(first.line),
                "column": str(first.column),
                "excerpt": excerpt or first.message,
                "caret": caret or "^",
            },
            violations=[
                FieldViolation(f"{prefix}{each.path}" or "definition", each.sentence)
                for each in problems[:_MOST_VIOLATIONS]
            ],
        )


class DefinitionLimitReachedError(PreconditionError):
    """The tenant has as many decisions as it may have."""

    reason = "DEFINITION_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} decisions.", metadata={"limit": str(limit)})


class VersionNotFoundError(NotFoundError):
    """The decision has no version with this number."""

    reason = "VERSION_NOT_FOUND"

    def __init__(self, name: str, number: int) -> None:
        super().__init__(
            f"The decision '{name}' has no version {number}.",
            metadata={"name": name, "version": str(number)},
            resource=Resource("definition_version", f"{name}/{number}"),
        )


class VersionStateError(PreconditionError):
    """The version is not in a state in which this can be done."""

    reason = "VERSION_STATE"

    def __init__(self, version: Version, wanted: Sequence[VersionState], *, hint: str = "") -> None:
        takes = " or ".join(
            each.words if each is VersionState.DRAFT else f"one that is {each.words}" for each in wanted
        )
        said = f"; {hint}" if hint else ""
        super().__init__(
            f"Version {version.number} of '{version.name}' is {version.state.words}; this takes {takes}{said}.",
            metadata={
                "name": version.name,
                "version": str(version.number),
                "state": version.state.value,
                "wanted": ",".join(each.value for each in wanted),
            },
        )


class VersionEtagMismatchError(ConflictError):
    """Somebody changed the version since the caller read it."""

    reason = "VERSION_ETAG_MISMATCH"

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"Version {version.number} of '{version.name}' has changed since it was read; read it again and repeat "
            "the change.",
            metadata={"name": version.name, "version": str(version.number), "current_etag": version.etag},
            resource=Resource("definition_version", f"{version.name}/{version.number}"),
        )


class ApprovalByAuthorError(PermissionDeniedError):
    """Whoever wrote at a version does not approve it."""

    reason = "APPROVAL_BY_AUTHOR"

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"Version {version.number} of '{version.name}' was written by the caller; somebody else has to approve it.",
            metadata={"name": version.name, "version": str(version.number)},
        )


class TestsFailedError(PreconditionError):
    """Cases of the version failed, so it was not published."""

    reason = "TESTS_FAILED"

    def __init__(self, report: CaseReport) -> None:
        failed = report.failed
        first = failed[0]
        what = first.failures[0] if first.failures else "it failed"
        super().__init__(
            f"{len(failed)} of {len(report.outcomes)} cases failed, first '{first.name}': {what}",
            metadata={"failed": str(len(failed)), "cases": str(len(report.outcomes)), "first": first.name},
            violations=[
                FieldViolation(f"tests[{each.name}]", "; ".join(each.failures) or "failed")
                for each in failed[:_MOST_VIOLATIONS]
            ],
        )


class NothingToRollBackToError(PreconditionError):
    """No earlier version was published that could be put in force again."""

    reason = "NOTHING_TO_ROLL_BACK_TO"

    def __init__(self, name: str) -> None:
        super().__init__(f"The decision '{name}' has no earlier version to go back to.", metadata={"name": name})


class NotInForceError(PreconditionError):
    """No version of the decision is in force at the time."""

    reason = "NOT_IN_FORCE"

    def __init__(self, name: str, at: datetime) -> None:
        moment = at.isoformat().replace("+00:00", "Z")
        super().__init__(
            f"No version of '{name}' is in force at {moment}.", metadata={"name": name, "effective_time": moment}
        )


class DecisionInputInvalidError(InvalidArgumentError):
    """The inputs are not those that the definition declares."""

    reason = "DECISION_INPUT_INVALID"

    def __init__(self, *violations: FieldViolation) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(
            f"{first.field}: {first.description}{more}",
            metadata={"violations": str(len(violations))},
            violations=violations,
        )


class LoggedDecisionNotFoundError(NotFoundError):
    """No decision with this id is in the log."""

    reason = "LOGGED_DECISION_NOT_FOUND"

    def __init__(self, decision_id: UUID) -> None:
        super().__init__(
            f"Decision {decision_id} is not in the log.",
            metadata={"decision_id": str(decision_id)},
            resource=Resource("decision", str(decision_id)),
        )


class DecisionNotReplayableError(PreconditionError):
    """The decision is in the log without what an explanation needs."""

    reason = "DECISION_NOT_REPLAYABLE"

    def __init__(self, decision_id: UUID, why: str) -> None:
        super().__init__(
            f"Decision {decision_id} cannot be explained: {why}.", metadata={"decision_id": str(decision_id)}
        )


class DecisionReferenceDeniedError(PermissionDeniedError):
    """A decision about a resource by its id takes the permission to read it."""

    reason = "DECISION_REFERENCE_DENIED"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"The permission '{permission}' is missing, which inputs by the id of a company take.",
            metadata={"permission": permission},
        )


class TooManyFollowersError(LimitExceededError):
    """This worker has as many streams open as it may."""

    reason = "TOO_MANY_FOLLOWERS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} streams follow what is published here; try again on another connection.",
            metadata={"limit": str(limit)},
            retry_after=_COME_BACK,
        )


class TooManyFollowedError(PreconditionError):
    """A stream follows more decisions than it may."""

    reason = "TOO_MANY_FOLLOWED"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The stream would follow more than {limit} decisions; follow a longer prefix, or names.",
            metadata={"limit": str(limit)},
        )


class DecisionRecordInvalidError(InvalidArgumentError):
    """A decision that the caller took itself does not fit what it is said to be taken by."""

    reason = "DECISION_RECORD_INVALID"

    def __init__(self, *violations: FieldViolation) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(
            f"{first.field}: {first.description}{more}",
            metadata={"violations": str(len(violations))},
            violations=violations,
        )


class ChangeDeniedError(PreconditionError):
    """A rule of a hook denied the change."""

    reason = "CHANGE_DENIED"

    def __init__(self, hook: Hook, verdict: ChangeVerdict, *, operation: str, version: int, decision_id: str) -> None:
        """`decision_id` is empty where decisions are not logged."""
        who = f"the rule '{verdict.rule_id}' of '{hook.definition}'" if verdict.rule_id else f"'{hook.definition}'"
        why = verdict.reason or verdict.reason_code
        super().__init__(
            f"Denied by {who}: {why}" if why else f"Denied by {who}.",
            metadata={
                "hook": hook.name,
                "operation": operation,
                "name": hook.definition,
                "version": str(version),
                "rule_id": verdict.rule_id,
                "reason_code": verdict.reason_code,
                "reason": verdict.reason,
                "decision_id": decision_id,
            },
            resource=Resource("hook", hook.name),
        )


class HookFailedError(PreconditionError):
    """A hook could not decide, so the change is not made."""

    reason = "HOOK_FAILED"

    def __init__(self, hook: Hook, cause: str, *, operation: str) -> None:
        super().__init__(
            f"The hook '{hook.name}' could not decide, so nothing was changed: {cause}",
            metadata={"hook": hook.name, "operation": operation, "name": hook.definition, "cause": cause},
            resource=Resource("hook", hook.name),
        )


class HookNotFoundError(NotFoundError):
    """The tenant has no hook with this name."""

    reason = "HOOK_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(f"The hook '{name}' does not exist.", metadata={"hook": name}, resource=Resource("hook", name))


class HookNameTakenError(AlreadyExistsError):
    """The tenant has a hook with this name already."""

    reason = "HOOK_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The hook '{name}' exists; change it with UpdateHook.",
            metadata={"hook": name},
            resource=Resource("hook", name),
        )


class HookEtagMismatchError(ConflictError):
    """Somebody changed the hook since the caller read it."""

    reason = "HOOK_ETAG_MISMATCH"

    def __init__(self, hook: Hook) -> None:
        super().__init__(
            f"The hook '{hook.name}' has changed since it was read; read it again and repeat the change.",
            metadata={"hook": hook.name, "current_etag": hook.etag},
            resource=Resource("hook", hook.name),
        )


class HookMisfitError(PreconditionError):
    """The definition does not take what the hook has, or gives what the hook does not understand."""

    reason = "HOOK_MISFIT"

    def __init__(self, hook: Hook, version: int, misfits: Sequence[Misfit]) -> None:
        first = misfits[0]
        super().__init__(
            f"Version {version} of '{hook.definition}' does not fit the hook '{hook.name}': "
            f"{first.path}: {first.description}",
            metadata={
                "hook": hook.name,
                "name": hook.definition,
                "version": str(version),
                "violations": str(len(misfits)),
            },
            violations=[FieldViolation(each.path, each.description) for each in misfits[:_MOST_VIOLATIONS]],
            resource=Resource("hook", hook.name),
        )


class HookLimitReachedError(PreconditionError):
    """The tenant has as many hooks as it may have."""

    reason = "HOOK_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} hooks.", metadata={"limit": str(limit)})


class SimulationNotFoundError(NotFoundError):
    """The tenant has no simulation with this id."""

    reason = "SIMULATION_NOT_FOUND"

    def __init__(self, simulation_id: UUID) -> None:
        super().__init__(
            f"Simulation {simulation_id} does not exist.",
            metadata={"simulation_id": str(simulation_id)},
            resource=Resource("simulation", str(simulation_id)),
        )


class SimulationLimitReachedError(PreconditionError):
    """The tenant has as many simulations waiting or running as it may have."""

    reason = "SIMULATION_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A tenant has at most {limit} simulations that are not over; wait for one, or cancel it.",
            metadata={"limit": str(limit)},
        )


class RolloutNotFoundError(NotFoundError):
    """The decision has no rollout."""

    reason = "ROLLOUT_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The decision '{name}' has no rollout.", metadata={"name": name}, resource=Resource("rollout", name)
        )


class RolloutInvalidError(InvalidArgumentError):
    """The rollout does not add up."""

    reason = "ROLLOUT_INVALID"

    def __init__(self, name: str, violation: FieldViolation) -> None:
        super().__init__(
            f"{violation.field}: {violation.description}",
            metadata={"name": name, "field": violation.field},
            violations=[violation],
        )
