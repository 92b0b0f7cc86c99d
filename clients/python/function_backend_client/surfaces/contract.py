"""The files of the contract that have services. Written by make generate."""

from __future__ import annotations

from google.protobuf.descriptor import FileDescriptor

from function.audit.v1 import audit_service_pb2
from function.auth.v1 import (
    api_key_service_pb2,
    certificate_identity_service_pb2,
    client_credential_service_pb2,
    credential_service_pb2,
    data_key_service_pb2,
    group_service_pb2,
    master_key_service_pb2,
    oauth_service_pb2,
    permission_check_service_pb2,
    permission_service_pb2,
    relation_schema_service_pb2,
    relationship_service_pb2,
    role_binding_service_pb2,
    role_service_pb2,
    second_factor_service_pb2,
    service_account_service_pb2,
    session_service_pb2,
    signing_key_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)
from function.company.v1 import company_service_pb2, transfer_service_pb2
from function.events.v1 import dead_letter_service_pb2, event_service_pb2
from function.jobs.v1 import job_service_pb2
from function.notifications.v1 import notification_service_pb2
from function.rules.v1 import (
    definition_service_pb2,
    distribution_service_pb2,
    evaluation_service_pb2,
    hook_service_pb2,
    rollout_service_pb2,
    simulation_service_pb2,
)
from function.webhooks.v1 import webhook_service_pb2

CONTRACT: tuple[FileDescriptor, ...] = (
    audit_service_pb2.DESCRIPTOR,
    api_key_service_pb2.DESCRIPTOR,
    certificate_identity_service_pb2.DESCRIPTOR,
    client_credential_service_pb2.DESCRIPTOR,
    credential_service_pb2.DESCRIPTOR,
    data_key_service_pb2.DESCRIPTOR,
    group_service_pb2.DESCRIPTOR,
    master_key_service_pb2.DESCRIPTOR,
    oauth_service_pb2.DESCRIPTOR,
    permission_check_service_pb2.DESCRIPTOR,
    permission_service_pb2.DESCRIPTOR,
    relation_schema_service_pb2.DESCRIPTOR,
    relationship_service_pb2.DESCRIPTOR,
    role_binding_service_pb2.DESCRIPTOR,
    role_service_pb2.DESCRIPTOR,
    second_factor_service_pb2.DESCRIPTOR,
    service_account_service_pb2.DESCRIPTOR,
    session_service_pb2.DESCRIPTOR,
    signing_key_service_pb2.DESCRIPTOR,
    tenant_service_pb2.DESCRIPTOR,
    user_service_pb2.DESCRIPTOR,
    company_service_pb2.DESCRIPTOR,
    transfer_service_pb2.DESCRIPTOR,
    dead_letter_service_pb2.DESCRIPTOR,
    event_service_pb2.DESCRIPTOR,
    job_service_pb2.DESCRIPTOR,
    notification_service_pb2.DESCRIPTOR,
    definition_service_pb2.DESCRIPTOR,
    distribution_service_pb2.DESCRIPTOR,
    evaluation_service_pb2.DESCRIPTOR,
    hook_service_pb2.DESCRIPTOR,
    rollout_service_pb2.DESCRIPTOR,
    simulation_service_pb2.DESCRIPTOR,
    webhook_service_pb2.DESCRIPTOR,
)
"""The files whose services this client speaks."""
