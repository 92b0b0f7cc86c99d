"""One exception class for each reason in `function.common.v1.ErrorReason`; a test keeps both lists equal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grpc import StatusCode

from function_backend_client.errors import (
    AlreadyExistsError,
    CancelledError,
    ConflictError,
    DeadlineError,
    FunctionBackendError,
    InternalError,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
)


class InvalidRequestError(InvalidArgumentError):
    """The request has invalid fields; `violations` lists each."""

    default_reason = "INVALID_REQUEST"


class MalformedRequestError(InvalidArgumentError):
    """The request bytes are not a message of the declared type."""

    default_reason = "MALFORMED_REQUEST"


class InvalidFilterError(InvalidArgumentError):
    """The filter expression cannot be used; `metadata["position"]` says where it goes wrong."""

    default_reason = "INVALID_FILTER"


class InvalidPageTokenError(InvalidArgumentError):
    """The page token belongs to another query or was altered."""

    default_reason = "INVALID_PAGE_TOKEN"


class InvalidConsistencyTokenError(InvalidArgumentError):
    """The consistency token was not issued by this service."""

    default_reason = "INVALID_CONSISTENCY_TOKEN"


class CredentialMissingError(UnauthenticatedError):
    """The call carries no credential that the service can read."""

    default_reason = "CREDENTIAL_MISSING"


class CredentialInvalidError(UnauthenticatedError):
    """The credential is not known."""

    default_reason = "CREDENTIAL_INVALID"


class CredentialExpiredError(UnauthenticatedError):
    """The credential has expired."""

    default_reason = "CREDENTIAL_EXPIRED"


class CredentialRevokedError(UnauthenticatedError):
    """The credential has been revoked."""

    default_reason = "CREDENTIAL_REVOKED"


class PermissionMissingError(PermissionDeniedError):
    """The caller lacks `metadata["permission"]`."""

    default_reason = "PERMISSION_MISSING"


class PermissionEscalationError(PermissionDeniedError):
    """A key cannot be given a permission that its creator does not hold."""

    default_reason = "PERMISSION_ESCALATION"


class RateLimitedError(LimitExceededError):
    """The caller has used up its rate."""

    default_reason = "RATE_LIMITED"


class OverloadedError(LimitExceededError):
    """The service has more work than it can finish."""

    default_reason = "OVERLOADED"


class DeadlineTooShortError(DeadlineError):
    """The deadline was too near, or passed while the service was working."""

    default_reason = "DEADLINE_TOO_SHORT"


class CallCancelledError(CancelledError):
    """The caller cancelled the call while the service was working."""

    default_reason = "CALL_CANCELLED"


class RequestIdReusedError(PreconditionError):
    """The `request_id` was used within 24 hours for another request."""

    default_reason = "REQUEST_ID_REUSED"


class DependencyUnavailableError(UnavailableError):
    """The service is there, and its database or another dependency is not."""

    default_reason = "DEPENDENCY_UNAVAILABLE"


class ConcurrentChangeError(ConflictError):
    """Concurrent changes collided."""

    default_reason = "CONCURRENT_CHANGE"


class CompanyNotFoundError(NotFoundError):
    """No company with this id is visible to the caller."""

    default_reason = "COMPANY_NOT_FOUND"


class CompanyStateNotFoundError(NotFoundError):
    """The company has no state for the times asked for."""

    default_reason = "COMPANY_STATE_NOT_FOUND"


class CompanyIdentifierTakenError(AlreadyExistsError):
    """The identifier belongs to the company `metadata["company_id"]`."""

    default_reason = "COMPANY_IDENTIFIER_TAKEN"


class CompanyEtagMismatchError(ConflictError):
    """The company has changed since it was read; its etag is now `metadata["current_etag"]`."""

    default_reason = "COMPANY_ETAG_MISMATCH"


class CompanyDeletedError(PreconditionError):
    """The company is deleted."""

    default_reason = "COMPANY_DELETED"


class CompanyNotDeletedError(PreconditionError):
    """The company is not deleted, so it cannot be undeleted."""

    default_reason = "COMPANY_NOT_DELETED"


class ResponseTooLargeError(LimitExceededError):
    """The answer is larger than one message may be: `metadata["size"]` bytes; ask for fewer items at once."""

    default_reason = "RESPONSE_TOO_LARGE"


class ImportTooLargeError(InvalidArgumentError):
    """The import stream carries more rows than one stream may."""

    default_reason = "IMPORT_TOO_LARGE"


class ImportOutOfOrderError(InvalidArgumentError):
    """The import stream does not begin with its configuration, or repeats it."""

    default_reason = "IMPORT_OUT_OF_ORDER"


class TenantNotFoundError(NotFoundError):
    """No tenant with this id is visible to the caller."""

    default_reason = "TENANT_NOT_FOUND"


class TenantNameTakenError(AlreadyExistsError):
    """Another tenant has this name."""

    default_reason = "TENANT_NAME_TAKEN"


class ApiKeyNotFoundError(NotFoundError):
    """No API key with this id is visible to the caller."""

    default_reason = "API_KEY_NOT_FOUND"


class ApiKeyEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the key in between."""

    default_reason = "API_KEY_ETAG_MISMATCH"


class ApiKeyQuotaExceededError(LimitExceededError):
    """The key has made all the calls of its day."""

    default_reason = "API_KEY_QUOTA_EXCEEDED"


class ApiKeyRevokedError(PreconditionError):
    """The key is revoked, so it cannot be changed."""

    default_reason = "API_KEY_REVOKED"


class ApiKeyDigestTakenError(AlreadyExistsError):
    """A key with this hash is stored already; only a row of an import fails with it."""

    default_reason = "API_KEY_DIGEST_TAKEN"


class ApiKeyOwnerNotFoundError(NotFoundError):
    """No active user or service account of the tenant has this id."""

    default_reason = "API_KEY_OWNER_NOT_FOUND"


class CertificateUnknownError(UnauthenticatedError):
    """The client certificate names nobody that the service knows."""

    default_reason = "CERTIFICATE_UNKNOWN"


class CertificateIdentityNotFoundError(NotFoundError):
    """No certificate identity with this id is visible to the caller."""

    default_reason = "CERTIFICATE_IDENTITY_NOT_FOUND"


class CertificateNameTakenError(AlreadyExistsError):
    """The name is bound already."""

    default_reason = "CERTIFICATE_NAME_TAKEN"


class SubjectDisabledError(UnauthenticatedError):
    """The user or service account behind the credential is not active."""

    default_reason = "SUBJECT_DISABLED"


class SessionEndedError(UnauthenticatedError):
    """The session behind the access token has ended."""

    default_reason = "SESSION_ENDED"


class TooManyWatchersError(LimitExceededError):
    """Too many streams watch for revocations on the worker."""

    default_reason = "TOO_MANY_WATCHERS"


class TenantSuspendedError(PermissionDeniedError):
    """The credential is good, and its tenant, or one above that, is suspended."""

    default_reason = "TENANT_SUSPENDED"


class TenantNotSuspendedError(PreconditionError):
    """The tenant is active, so it cannot be deleted."""

    default_reason = "TENANT_NOT_SUSPENDED"


class TenantDeletedError(PreconditionError):
    """The tenant is deleted, which nothing undoes."""

    default_reason = "TENANT_DELETED"


class DataKeyNotFoundError(NotFoundError):
    """The tenant has no data key yet: nothing of it was ever encrypted."""

    default_reason = "DATA_KEY_NOT_FOUND"


class DataKeyRotationRunningError(PreconditionError):
    """The tenant's values are still being encrypted under the newest data key."""

    default_reason = "DATA_KEY_ROTATION_RUNNING"


class TenantTreeTooDeepError(PreconditionError):
    """The tenant stands on the lowest level of the tree that there may be."""

    default_reason = "TENANT_TREE_TOO_DEEP"


class TenantEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the tenant in between."""

    default_reason = "TENANT_ETAG_MISMATCH"


class TenantHasChildrenError(PreconditionError):
    """Tenants stand below the one that is to be deleted."""

    default_reason = "TENANT_HAS_CHILDREN"


class TenantProtectedError(PreconditionError):
    """The tenant is the caller's own, stands above it, or is the one that the installation began with."""

    default_reason = "TENANT_PROTECTED"


class SigningKeyNotFoundError(NotFoundError):
    """There is no signing key with this id."""

    default_reason = "SIGNING_KEY_NOT_FOUND"


class SigningKeyRotationPendingError(PreconditionError):
    """The key of the last rotation is published and does not sign yet."""

    default_reason = "SIGNING_KEY_ROTATION_PENDING"


class UserNotFoundError(NotFoundError):
    """No user with this id is visible to the caller."""

    default_reason = "USER_NOT_FOUND"


class UserNameTakenError(AlreadyExistsError):
    """Another user of the tenant has this name."""

    default_reason = "USER_NAME_TAKEN"


class UserEmailTakenError(AlreadyExistsError):
    """Another user of the tenant has this e-mail address."""

    default_reason = "USER_EMAIL_TAKEN"


class UserEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the user in between."""

    default_reason = "USER_ETAG_MISMATCH"


class UserStateError(PreconditionError):
    """The state of the user does not allow the call."""

    default_reason = "USER_STATE"


class GroupNotFoundError(NotFoundError):
    """No group with this id is visible to the caller."""

    default_reason = "GROUP_NOT_FOUND"


class GroupNameTakenError(AlreadyExistsError):
    """Another group of the tenant has this name."""

    default_reason = "GROUP_NAME_TAKEN"


class GroupEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the group in between."""

    default_reason = "GROUP_ETAG_MISMATCH"


class GroupCycleError(PreconditionError):
    """The change would make a group a member of itself, directly or by way of others."""

    default_reason = "GROUP_CYCLE"


class GroupTooDeepError(PreconditionError):
    """The change would nest groups deeper than they may be."""

    default_reason = "GROUP_TOO_DEEP"


class GroupFullError(LimitExceededError):
    """The group has as many direct members as one may have."""

    default_reason = "GROUP_FULL"


class ServiceAccountNotFoundError(NotFoundError):
    """No service account with this id is visible to the caller."""

    default_reason = "SERVICE_ACCOUNT_NOT_FOUND"


class ServiceAccountNameTakenError(AlreadyExistsError):
    """Another service account of the tenant has this name."""

    default_reason = "SERVICE_ACCOUNT_NAME_TAKEN"


class ServiceAccountEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the service account in between."""

    default_reason = "SERVICE_ACCOUNT_ETAG_MISMATCH"


class PasswordRefusedError(InvalidArgumentError):
    """The password breaks rules of the tenant; BadRequest lists each, and the metadata names them."""

    default_reason = "PASSWORD_REFUSED"


class PasswordChangeRequiredError(PreconditionError):
    """The password is right and has to be replaced before anything else."""

    default_reason = "PASSWORD_CHANGE_REQUIRED"


class SignInFailedError(UnauthenticatedError):
    """The sign-in failed.

    The user does not exist, may not sign in, or has another password or code. Which of them is not told.
    """

    default_reason = "SIGN_IN_FAILED"


class SignInDelayedError(LimitExceededError):
    """Too many sign-ins failed in a row; RetryInfo says when to try again."""

    default_reason = "SIGN_IN_DELAYED"


class SecondFactorRequiredError(UnauthenticatedError):
    """The password is right and a code of the second factor is missing."""

    default_reason = "SECOND_FACTOR_REQUIRED"


class SecondFactorInvalidError(InvalidArgumentError):
    """The code is not the current one of the app, or was used already."""

    default_reason = "SECOND_FACTOR_INVALID"


class SecondFactorEnrolledError(PreconditionError):
    """The user has a second factor already."""

    default_reason = "SECOND_FACTOR_ENROLLED"


class SecondFactorMissingError(PreconditionError):
    """The user has no second factor, or has not confirmed it yet."""

    default_reason = "SECOND_FACTOR_MISSING"


class HashingOverloadedError(LimitExceededError):
    """More passwords are to be checked than the server has time for; RetryInfo says when to come back."""

    default_reason = "HASHING_OVERLOADED"


class InvitationInvalidError(UnauthenticatedError):
    """The invitation does not exist, has expired, was replaced or was used already."""

    default_reason = "INVITATION_INVALID"


class PasswordResetInvalidError(UnauthenticatedError):
    """The token for a new password does not exist, has expired, was replaced or was used already."""

    default_reason = "PASSWORD_RESET_INVALID"


class NotAUserError(PreconditionError):
    """The method is about the account of the calling user, and the caller is none."""

    default_reason = "NOT_A_USER"


class OAuthInvalidRequestError(InvalidArgumentError):
    """The OAuth request lacks a parameter, repeats one or has one that is not valid (`invalid_request`)."""

    default_reason = "OAUTH_INVALID_REQUEST"


class OAuthInvalidClientError(UnauthenticatedError):
    """The client is not known, or did not prove who it is (`invalid_client`)."""

    default_reason = "OAUTH_INVALID_CLIENT"


class OAuthInvalidGrantError(UnauthenticatedError):
    """The grant is not valid, has been used, or belongs to somebody else (`invalid_grant`)."""

    default_reason = "OAUTH_INVALID_GRANT"


class OAuthUnauthorizedClientError(PermissionDeniedError):
    """The client may not use this grant (`unauthorized_client`)."""

    default_reason = "OAUTH_UNAUTHORIZED_CLIENT"


class OAuthUnsupportedGrantTypeError(InvalidArgumentError):
    """There is no such grant type (`unsupported_grant_type`)."""

    default_reason = "OAUTH_UNSUPPORTED_GRANT_TYPE"


class OAuthInvalidScopeError(InvalidArgumentError):
    """The scope is no list of permissions, or too wide (`invalid_scope`)."""

    default_reason = "OAUTH_INVALID_SCOPE"


class OAuthInvalidTargetError(InvalidArgumentError):
    """Nobody gets tokens for this audience (`invalid_target`)."""

    default_reason = "OAUTH_INVALID_TARGET"


class OAuthAuthorizationPendingError(PreconditionError):
    """No person has decided about the device yet (`authorization_pending`)."""

    default_reason = "OAUTH_AUTHORIZATION_PENDING"


class OAuthSlowDownError(PreconditionError):
    """The device asks too often; `metadata["interval"]` says how many seconds to wait (`slow_down`)."""

    default_reason = "OAUTH_SLOW_DOWN"


class OAuthAccessDeniedError(PermissionDeniedError):
    """A person has refused the device (`access_denied`)."""

    default_reason = "OAUTH_ACCESS_DENIED"


class OAuthExpiredTokenError(PreconditionError):
    """The device code has expired; begin again (`expired_token`)."""

    default_reason = "OAUTH_EXPIRED_TOKEN"


class SessionNotFoundError(NotFoundError):
    """No session with this id is visible to the caller."""

    default_reason = "SESSION_NOT_FOUND"


class ClientNotFoundError(NotFoundError):
    """No service account that could have credentials has this id."""

    default_reason = "CLIENT_NOT_FOUND"


class ClientCredentialNotFoundError(NotFoundError):
    """No credential of a service account with this id is visible to the caller."""

    default_reason = "CLIENT_CREDENTIAL_NOT_FOUND"


class TooManyClientCredentialsError(PreconditionError):
    """The service account has as many usable credentials as one may have."""

    default_reason = "TOO_MANY_CLIENT_CREDENTIALS"


class DeviceRequestNotFoundError(NotFoundError):
    """No device that waits shows this code."""

    default_reason = "DEVICE_REQUEST_NOT_FOUND"


class NotAPersonError(PermissionDeniedError):
    """Only a person who has signed in can do this."""

    default_reason = "NOT_A_PERSON"


class RoleNotFoundError(NotFoundError):
    """No role with this id is visible to the caller."""

    default_reason = "ROLE_NOT_FOUND"


class RoleNameTakenError(AlreadyExistsError):
    """Another role of the tenant, or a built-in one, has this name."""

    default_reason = "ROLE_NAME_TAKEN"


class RoleBuiltInError(PreconditionError):
    """Built-in roles cannot be changed."""

    default_reason = "ROLE_BUILT_IN"


class RoleInUseError(PreconditionError):
    """The role is bound, or other roles inherit it."""

    default_reason = "ROLE_IN_USE"


class RoleCycleError(PreconditionError):
    """The role would inherit itself."""

    default_reason = "ROLE_CYCLE"


class RoleTooDeepError(PreconditionError):
    """Roles would inherit each other through too many steps."""

    default_reason = "ROLE_TOO_DEEP"


class RoleEtagMismatchError(ConflictError):
    """Somebody changed the role in between; read it again and repeat the change."""

    default_reason = "ROLE_ETAG_MISMATCH"


class RoleBindingNotFoundError(NotFoundError):
    """No role binding with this id is visible to the caller."""

    default_reason = "ROLE_BINDING_NOT_FOUND"


class LastAdministratorError(PreconditionError):
    """The change would leave the tenant without an administrator."""

    default_reason = "LAST_ADMINISTRATOR"


class StepUpRequiredError(PermissionDeniedError):
    """Another sign-in is needed: see `metadata["acr_values"]` and `metadata["max_age"]`."""

    default_reason = "STEP_UP_REQUIRED"


class ResourceOutOfScopeError(PermissionDeniedError):
    """The permission is held for some resources, and this is none of them."""

    default_reason = "RESOURCE_OUT_OF_SCOPE"


class RoleSubjectNotFoundError(NotFoundError):
    """The user, service account or group does not exist."""

    default_reason = "ROLE_SUBJECT_NOT_FOUND"


class RoleLimitReachedError(PreconditionError):
    """There are as many roles or bindings as there may be."""

    default_reason = "ROLE_LIMIT_REACHED"


class RelationSchemaInvalidError(InvalidArgumentError):
    """The relation schema cannot be read or does not add up."""

    default_reason = "RELATION_SCHEMA_INVALID"


class RelationSchemaNotFoundError(NotFoundError):
    """The tenant has no relation schema, or not this version."""

    default_reason = "RELATION_SCHEMA_NOT_FOUND"


class RelationSchemaOrphansTuplesError(PreconditionError):
    """Relationships exist that the new relation schema does not allow: remove them first."""

    default_reason = "RELATION_SCHEMA_ORPHANS_TUPLES"


class RelationSchemaChangedError(ConflictError):
    """The etag in the request is not that of the relation schema: somebody wrote another version in between."""

    default_reason = "RELATION_SCHEMA_CHANGED"


class RelationUnknownError(InvalidArgumentError):
    """The relation schema declares no such type, relation or permission."""

    default_reason = "RELATION_UNKNOWN"


class RelationshipInvalidError(InvalidArgumentError):
    """A relationship, resource or subject is not written as it must be, or the relation schema does not …."""

    default_reason = "RELATIONSHIP_INVALID"


class RelationshipExistsError(AlreadyExistsError):
    """A relationship that was to be created exists."""

    default_reason = "RELATIONSHIP_EXISTS"


class PreconditionFailedError(PreconditionError):
    """A precondition of the change does not hold; nothing was changed."""

    default_reason = "PRECONDITION_FAILED"


class CheckTooComplexError(PreconditionError):
    """The answer would take more steps than one check may: relationships are nested too deeply, or too …."""

    default_reason = "CHECK_TOO_COMPLEX"


class DecisionNotFoundError(NotFoundError):
    """No recorded decision with this id is visible to the caller."""

    default_reason = "DECISION_NOT_FOUND"


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


class InvalidEventCursorError(InvalidArgumentError):
    """The cursor is not one of the tenant's feed."""

    default_reason = "INVALID_EVENT_CURSOR"


class EventCursorExpiredError(PreconditionError):
    """What follows the cursor is not kept any more; `metadata["oldest_cursor"]` is where the feed goes on."""

    default_reason = "EVENT_CURSOR_EXPIRED"


class UnknownEventTypeError(InvalidArgumentError):
    """There are no events of the type."""

    default_reason = "UNKNOWN_EVENT_TYPE"


class EventTypeHiddenError(PermissionDeniedError):
    """The caller may see no events of the type."""

    default_reason = "EVENT_TYPE_HIDDEN"


class TooManyEventWatchersError(LimitExceededError):
    """The server has as many watchers as it takes."""

    default_reason = "TOO_MANY_EVENT_WATCHERS"


class EventWatcherTooSlowError(LimitExceededError):
    """The stream was ended, since its events were not taken as fast as they came; go on from the last cursor."""

    default_reason = "EVENT_WATCHER_TOO_SLOW"


class EventNotFoundError(NotFoundError):
    """No event with this id exists that the caller may see, or it is not kept any more."""

    default_reason = "EVENT_NOT_FOUND"


class DeadLetterNotFoundError(NotFoundError):
    """No dead letter with this id exists: there was none, it was handled in the end, or it was given up."""

    default_reason = "DEAD_LETTER_NOT_FOUND"


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


class JobNotFoundError(NotFoundError):
    """No job with the id is visible to the caller."""

    default_reason = "JOB_NOT_FOUND"


class JobStateError(PreconditionError):
    """The state of the job does not allow the call."""

    default_reason = "JOB_STATE"


class JobDuplicateError(AlreadyExistsError):
    """Another job with the same dedupe key waits or runs already."""

    default_reason = "JOB_DUPLICATE"


class JobScheduleNotFoundError(NotFoundError):
    """No schedule has the name."""

    default_reason = "JOB_SCHEDULE_NOT_FOUND"


class TooManyJobWatchersError(LimitExceededError):
    """The server has too many streams that watch jobs."""

    default_reason = "TOO_MANY_JOB_WATCHERS"


class AuditRecordNotFoundError(NotFoundError):
    """The audit trail has no such record, or no longer."""

    default_reason = "AUDIT_RECORD_NOT_FOUND"


class AuditRetentionTooShortError(PreconditionError):
    """The installation keeps audit records for longer; `metadata["shortest_days"]` says how long at the least."""

    default_reason = "AUDIT_RETENTION_TOO_SHORT"


class NotificationNotFoundError(NotFoundError):
    """The tenant has no such notification, or it is not kept any more."""

    default_reason = "NOTIFICATION_NOT_FOUND"


class NotificationKeyReusedError(AlreadyExistsError):
    """The key belongs to another notification; `metadata["notification_id"]` says to which."""

    default_reason = "NOTIFICATION_KEY_REUSED"


class NotificationStateError(PreconditionError):
    """The notification is being sent or is over, so it cannot be cancelled."""

    default_reason = "NOTIFICATION_STATE"


class NotificationRecipientInvalidError(InvalidArgumentError):
    """The recipient has no address for the channel, or one that cannot be used."""

    default_reason = "NOTIFICATION_RECIPIENT_INVALID"


class NotificationChannelUnavailableError(PreconditionError):
    """The operator has not set the channel up."""

    default_reason = "NOTIFICATION_CHANNEL_UNAVAILABLE"


class NotificationVariablesInvalidError(InvalidArgumentError):
    """The variables are not those of the template; the field violations name each."""

    default_reason = "NOTIFICATION_VARIABLES_INVALID"


class TemplateNotFoundError(NotFoundError):
    """No template has the name, or none in this language or version."""

    default_reason = "TEMPLATE_NOT_FOUND"


class TemplateExistsError(AlreadyExistsError):
    """The tenant has a template of this name in this language already."""

    default_reason = "TEMPLATE_EXISTS"


class TemplateInvalidError(InvalidArgumentError):
    """The template cannot be accepted; the field violations say where."""

    default_reason = "TEMPLATE_INVALID"


class TemplateEtagMismatchError(ConflictError):
    """Somebody changed the template in between; read it again and repeat the change."""

    default_reason = "TEMPLATE_ETAG_MISMATCH"


class TemplateFailedError(PreconditionError):
    """The template cannot be written with these variables; `metadata["cause"]` says why."""

    default_reason = "TEMPLATE_FAILED"


class TemplateLimitReachedError(PreconditionError):
    """The tenant has as many templates as it may have."""

    default_reason = "TEMPLATE_LIMIT_REACHED"


class CategoryNotFoundError(NotFoundError):
    """No category of notifications has the name."""

    default_reason = "CATEGORY_NOT_FOUND"


class CategoryInUseError(PreconditionError):
    """Templates are in the category."""

    default_reason = "CATEGORY_IN_USE"


class CategoryMandatoryError(PreconditionError):
    """Nobody can unsubscribe from the category."""

    default_reason = "CATEGORY_MANDATORY"


class CategoryBuiltInError(PreconditionError):
    """The category is one of the service, which cannot be changed or deleted."""

    default_reason = "CATEGORY_BUILT_IN"


class CategoryLimitReachedError(PreconditionError):
    """The tenant has as many categories as it may have."""

    default_reason = "CATEGORY_LIMIT_REACHED"


class UnsubscribeTokenInvalidError(InvalidArgumentError):
    """The token is not one of a link that the service has sent."""

    default_reason = "UNSUBSCRIBE_TOKEN_INVALID"


class NotificationRateLimitedError(LimitExceededError):
    """The tenant asks for more notifications than it may; `retry_after` says when there is room again."""

    default_reason = "NOTIFICATION_RATE_LIMITED"


class EndpointNotFoundError(NotFoundError):
    """The tenant has no webhook endpoint with this id."""

    default_reason = "ENDPOINT_NOT_FOUND"


class EndpointEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the endpoint in between."""

    default_reason = "ENDPOINT_ETAG_MISMATCH"


class EndpointLimitReachedError(PreconditionError):
    """The tenant has as many webhook endpoints as it may have."""

    default_reason = "ENDPOINT_LIMIT_REACHED"


class WebhookUrlRefusedError(InvalidArgumentError):
    """Nothing is posted to this address."""

    default_reason = "WEBHOOK_URL_REFUSED"


class EndpointDisabledError(PreconditionError):
    """Nothing is delivered to a disabled endpoint."""

    default_reason = "ENDPOINT_DISABLED"


class SecretNotFoundError(NotFoundError):
    """The endpoint has no secret with this id that still signs."""

    default_reason = "SECRET_NOT_FOUND"


class LastSecretError(PreconditionError):
    """The secret is the only one of the endpoint: deliveries would not be signed."""

    default_reason = "LAST_SECRET"


class SecretLimitReachedError(PreconditionError):
    """The endpoint has as many secrets as it may have."""

    default_reason = "SECRET_LIMIT_REACHED"


class DeliveryNotFoundError(NotFoundError):
    """The tenant has no delivery with this id, or none any more."""

    default_reason = "DELIVERY_NOT_FOUND"


class ReplayNotFoundError(NotFoundError):
    """The tenant has no replay with this id, or none any more."""

    default_reason = "REPLAY_NOT_FOUND"


class ReplayLimitReachedError(PreconditionError):
    """The endpoint has a replay that goes on."""

    default_reason = "REPLAY_LIMIT_REACHED"


KINDS: Mapping[StatusCode, type[FunctionBackendError]] = MappingProxyType(
    {
        kind.status: kind
        for kind in (
            AlreadyExistsError,
            CancelledError,
            ConflictError,
            DeadlineError,
            InternalError,
            InvalidArgumentError,
            LimitExceededError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
            UnavailableError,
            UnimplementedError,
        )
    }
)
"""The class of each kind of failure, by its status."""


def _reasons() -> dict[str, type[FunctionBackendError]]:
    classes = {kind.default_reason: kind for kind in KINDS.values() if kind.default_reason}
    for kind in KINDS.values():
        classes |= {known.default_reason: known for known in kind.__subclasses__() if known.__module__ == __name__}
    return classes


REASONS: Mapping[str, type[FunctionBackendError]] = MappingProxyType(_reasons())
"""The class of each reason, by its name."""


REPLACEABLE = (CredentialExpiredError, CredentialRevokedError, SessionEndedError)
"""What is refused before it began and may be called once more with another token, whatever the method does."""


def class_of(reason: str, code: StatusCode) -> type[FunctionBackendError]:
    """The most telling class for a failure: that of its reason, else of its status."""
    return REASONS.get(reason) or KINDS.get(code, FunctionBackendError)
