"""The reasons of decisions, their versions, hooks and rollouts."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
)


class DefinitionNotFoundError(NotFoundError):
    """The tenant has no decision with this name."""

    default_reason = "DEFINITION_NOT_FOUND"


class DefinitionNameTakenError(AlreadyExistsError):
    """The tenant has a decision with this name already."""

    default_reason = "DEFINITION_NAME_TAKEN"


class DefinitionInvalidError(InvalidArgumentError):
    """The definition cannot be read or does not add up; `metadata` has the place, an excerpt and a caret."""

    default_reason = "DEFINITION_INVALID"


class DefinitionLimitReachedError(PreconditionError):
    """The tenant has as many decisions as it may have."""

    default_reason = "DEFINITION_LIMIT_REACHED"


class VersionNotFoundError(NotFoundError):
    """The decision has no version with this number."""

    default_reason = "VERSION_NOT_FOUND"


class VersionStateError(PreconditionError):
    """The version is not in a state in which this can be done."""

    default_reason = "VERSION_STATE"


class VersionEtagMismatchError(ConflictError):
    """Somebody changed the version since it was read."""

    default_reason = "VERSION_ETAG_MISMATCH"


class ApprovalByAuthorError(PermissionDeniedError):
    """Whoever wrote at a version does not approve it where approval takes four eyes."""

    default_reason = "APPROVAL_BY_AUTHOR"


class TestsFailedError(PreconditionError):
    """Cases of the version failed, so it was not published; `violations` names each."""

    default_reason = "TESTS_FAILED"


class NothingToRollBackToError(PreconditionError):
    """No earlier version was published that could be put in force again."""

    default_reason = "NOTHING_TO_ROLL_BACK_TO"


class NotInForceError(PreconditionError):
    """No version of the decision is in force at the time."""

    default_reason = "NOT_IN_FORCE"


class DecisionInputInvalidError(InvalidArgumentError):
    """The inputs are not those that the definition declares; `violations` names each place."""

    default_reason = "DECISION_INPUT_INVALID"


class LoggedDecisionNotFoundError(NotFoundError):
    """No decision with this id is in the log."""

    default_reason = "LOGGED_DECISION_NOT_FOUND"


class DecisionNotReplayableError(PreconditionError):
    """The decision is in the log without what an explanation needs."""

    default_reason = "DECISION_NOT_REPLAYABLE"


class DecisionReferenceDeniedError(PermissionDeniedError):
    """A decision about a company by its id takes the permission to read companies besides."""

    default_reason = "DECISION_REFERENCE_DENIED"


class TooManyFollowersError(LimitExceededError):
    """Too many streams follow what is published on this worker."""

    default_reason = "TOO_MANY_FOLLOWERS"


class TooManyFollowedError(PreconditionError):
    """A stream follows more decisions than it may."""

    default_reason = "TOO_MANY_FOLLOWED"


class DecisionRecordInvalidError(InvalidArgumentError):
    """A decision that the caller took itself does not fit what it is said to be taken by."""

    default_reason = "DECISION_RECORD_INVALID"


class ChangeDeniedError(PreconditionError):
    """A rule of a hook denied the change."""

    default_reason = "CHANGE_DENIED"


class HookFailedError(PreconditionError):
    """A hook could not decide, so the change was not made: its decision failed, took too long, or no …."""

    default_reason = "HOOK_FAILED"


class HookNotFoundError(NotFoundError):
    """The tenant has no hook with this name."""

    default_reason = "HOOK_NOT_FOUND"


class HookNameTakenError(AlreadyExistsError):
    """The tenant has a hook with this name already."""

    default_reason = "HOOK_NAME_TAKEN"


class HookEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the hook in between."""

    default_reason = "HOOK_ETAG_MISMATCH"


class HookMisfitError(PreconditionError):
    """The decision does not take what the hook has, or gives what the hook does not understand."""

    default_reason = "HOOK_MISFIT"


class HookLimitReachedError(PreconditionError):
    """The tenant has as many hooks as it may have."""

    default_reason = "HOOK_LIMIT_REACHED"


class SimulationNotFoundError(NotFoundError):
    """No simulation with this id exists, or it was deleted."""

    default_reason = "SIMULATION_NOT_FOUND"


class SimulationLimitReachedError(PreconditionError):
    """The tenant has as many simulations that are not over as it may have."""

    default_reason = "SIMULATION_LIMIT_REACHED"


class RolloutNotFoundError(NotFoundError):
    """The decision has no rollout."""

    default_reason = "ROLLOUT_NOT_FOUND"


class RolloutInvalidError(InvalidArgumentError):
    """The rollout does not add up; the field violations say where."""

    default_reason = "ROLLOUT_INVALID"


class ConditionInvalidError(InvalidArgumentError):
    """The expression of a condition cannot be accepted."""

    default_reason = "CONDITION_INVALID"
