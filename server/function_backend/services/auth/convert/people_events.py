"""How the events of users, service accounts and groups look outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.auth.v1 import group_events_pb2 as of_groups
from function.auth.v1 import second_factor_events_pb2 as of_factors
from function.auth.v1 import service_account_events_pb2 as of_accounts
from function.auth.v1 import user_events_pb2 as of_users
from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.convert.group import group_event, group_updated, membership_event
from function_backend.services.auth.convert.service_account import service_account_event, service_account_updated
from function_backend.services.auth.convert.sign_in import (
    credential_event,
    unknown_sign_in_refused,
    user_sign_in_refused,
    user_signed_in,
)
from function_backend.services.auth.convert.user import user_event, user_updated
from function_backend.services.auth.events import credential, group, service_account, sign_in, user

PEOPLE_EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    user.UserCreated: user_event(of_users.UserCreated),
    user.UserInvited: user_event(of_users.UserInvited),
    user.InvitationAccepted: user_event(of_users.InvitationAccepted),
    user.UserUpdated: user_updated,
    user.UserDeleted: user_event(of_users.UserDeleted),
    user.UserLocked: user_event(of_users.UserLocked),
    user.UserUnlocked: user_event(of_users.UserUnlocked),
    user.UserSuspended: user_event(of_users.UserSuspended),
    user.UserActivated: user_event(of_users.UserActivated),
    user.UserLockedOut: user_event(of_users.UserLockedOut),
    credential.PasswordSet: credential_event(of_users.PasswordSet),
    credential.PasswordChanged: credential_event(of_users.PasswordChanged),
    credential.PasswordResetStarted: credential_event(of_users.PasswordResetStarted),
    credential.PasswordResetFinished: credential_event(of_users.PasswordResetFinished),
    credential.TotpEnrolled: credential_event(of_factors.TotpEnrolled),
    credential.TotpConfirmed: credential_event(of_factors.TotpConfirmed),
    credential.TotpRemoved: credential_event(of_factors.TotpRemoved),
    credential.RecoveryCodesRegenerated: credential_event(of_factors.RecoveryCodesRegenerated),
    sign_in.UserSignedIn: user_signed_in,
    sign_in.UserSignInRefused: user_sign_in_refused,
    sign_in.UnknownSignInRefused: unknown_sign_in_refused,
    service_account.ServiceAccountCreated: service_account_event(of_accounts.ServiceAccountCreated),
    service_account.ServiceAccountUpdated: service_account_updated,
    service_account.ServiceAccountDeleted: service_account_event(of_accounts.ServiceAccountDeleted),
    service_account.ServiceAccountDisabled: service_account_event(of_accounts.ServiceAccountDisabled),
    service_account.ServiceAccountEnabled: service_account_event(of_accounts.ServiceAccountEnabled),
    group.GroupCreated: group_event(of_groups.GroupCreated),
    group.GroupUpdated: group_updated,
    group.GroupDeleted: group_event(of_groups.GroupDeleted),
    group.MembersAdded: membership_event(of_groups.MembersAdded),
    group.MembersRemoved: membership_event(of_groups.MembersRemoved),
}
