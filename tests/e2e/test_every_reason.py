"""Every reason of the contract, provoked through the real server, arrives as the contract states it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.reasons import REASONS, status_of
from tests.e2e import (
    provocations_audit,  # noqa: F401 - registers its own
    provocations_events,  # noqa: F401 - registers its own
    provocations_grants,  # noqa: F401 - registers its own
    provocations_hooks,  # noqa: F401 - registers its own
    provocations_jobs,  # noqa: F401 - registers its own
    provocations_keys,  # noqa: F401 - registers its own
    provocations_notifications,  # noqa: F401 - registers its own
    provocations_people,  # noqa: F401 - registers its own
    provocations_relations,  # noqa: F401 - registers its own
    provocations_roles,  # noqa: F401 - registers its own
    provocations_rules,  # noqa: F401 - registers its own
    provocations_vault,  # noqa: F401 - registers its own
    provocations_webhooks,  # noqa: F401 - registers its own
)
from tests.e2e.provocations import PROVOCATIONS
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.server import RunningServer, running_server

# Nobody is left to hear of the one: what the contract says of it stands in the access log. The other stands in a row.
UNHEARD = {"CALL_CANCELLED", "API_KEY_DIGEST_TAKEN"}
NAMES_FIELDS = {"INVALID_REQUEST", "INVALID_FILTER", "INVALID_PAGE_TOKEN", "INVALID_CONSISTENCY_TOKEN"}
NAMES_FIELDS |= {"INVALID_EVENT_CURSOR", "UNKNOWN_EVENT_TYPE"}
NAMES_FIELDS |= {"PASSWORD_REFUSED", "SECOND_FACTOR_INVALID"}
COMES_BACK = {"RATE_LIMITED", "OVERLOADED", "DEPENDENCY_UNAVAILABLE", "CONCURRENT_CHANGE"}
COMES_BACK |= {"API_KEY_QUOTA_EXCEEDED", "TOO_MANY_WATCHERS", "SIGN_IN_DELAYED", "HASHING_OVERLOADED"}
COMES_BACK |= {"TOO_MANY_FOLLOWERS", "TOO_MANY_EVENT_WATCHERS", "EVENT_WATCHER_TOO_SLOW"}
COMES_BACK |= {"TOO_MANY_FOLLOWERS", "TOO_MANY_JOB_WATCHERS"}
NAMES_A_RESOURCE = {
    reason for reason in REASONS if reason.startswith(("COMPANY_", "TENANT_", "API_KEY_", "SIGNING_KEY_"))
}
NAMES_A_RESOURCE |= {"CERTIFICATE_IDENTITY_NOT_FOUND", "CERTIFICATE_NAME_TAKEN"}
NAMES_A_RESOURCE -= {"API_KEY_QUOTA_EXCEEDED"}
NAMES_A_RESOURCE |= {"SESSION_NOT_FOUND", "CLIENT_NOT_FOUND", "CLIENT_CREDENTIAL_NOT_FOUND"}
WITHOUT_RESOURCE = {"GROUP_TOO_DEEP", "GROUP_FULL"}
NAMES_A_RESOURCE |= {
    reason
    for reason in REASONS
    if reason.startswith(("USER_", "GROUP_", "SERVICE_ACCOUNT_")) and reason not in WITHOUT_RESOURCE
}
NAMES_A_RESOURCE |= {"ROLE_NOT_FOUND", "ROLE_NAME_TAKEN", "ROLE_BINDING_NOT_FOUND", "ROLE_SUBJECT_NOT_FOUND"}
NAMES_FIELDS |= {"RELATION_SCHEMA_INVALID", "RELATION_UNKNOWN", "RELATIONSHIP_INVALID"}
NAMES_A_RESOURCE |= {
    "RELATION_SCHEMA_NOT_FOUND",
    "RELATION_SCHEMA_CHANGED",
    "RELATIONSHIP_EXISTS",
    "DECISION_NOT_FOUND",
}
NAMES_FIELDS |= {"DEFINITION_INVALID", "DECISION_INPUT_INVALID", "DECISION_RECORD_INVALID", "TESTS_FAILED"}
NAMES_A_RESOURCE |= {"DEFINITION_NOT_FOUND", "DEFINITION_NAME_TAKEN", "VERSION_NOT_FOUND", "VERSION_ETAG_MISMATCH"}
NAMES_A_RESOURCE |= {"LOGGED_DECISION_NOT_FOUND", "SIMULATION_NOT_FOUND", "ROLLOUT_NOT_FOUND"}
NAMES_FIELDS |= {"ROLLOUT_INVALID"}
NAMES_A_RESOURCE |= {"LOGGED_DECISION_NOT_FOUND"}
NAMES_FIELDS |= {"HOOK_MISFIT", "CONDITION_INVALID"}
NAMES_A_RESOURCE |= {"CHANGE_DENIED", "HOOK_FAILED", "HOOK_NOT_FOUND", "HOOK_NAME_TAKEN", "HOOK_ETAG_MISMATCH"}
NAMES_A_RESOURCE |= {"HOOK_MISFIT", "EVENT_NOT_FOUND", "DEAD_LETTER_NOT_FOUND"}
NAMES_A_RESOURCE |= {"JOB_NOT_FOUND", "JOB_STATE", "JOB_DUPLICATE", "JOB_SCHEDULE_NOT_FOUND"}
NAMES_A_RESOURCE |= {"HOOK_MISFIT", "AUDIT_RECORD_NOT_FOUND"}
COMES_BACK |= {"NOTIFICATION_RATE_LIMITED"}
NAMES_FIELDS |= {
    "UNSUBSCRIBE_TOKEN_INVALID",
    "NOTIFICATION_RECIPIENT_INVALID",
    "NOTIFICATION_VARIABLES_INVALID",
    "TEMPLATE_INVALID",
}
NAMES_A_RESOURCE |= {"NOTIFICATION_NOT_FOUND", "NOTIFICATION_KEY_REUSED", "TEMPLATE_NOT_FOUND", "TEMPLATE_EXISTS"}
NAMES_A_RESOURCE |= {"TEMPLATE_ETAG_MISMATCH", "CATEGORY_NOT_FOUND"}
NAMES_FIELDS |= {"WEBHOOK_URL_REFUSED"}
NAMES_A_RESOURCE |= {"TRANSFER_NOT_FOUND", "EXPORT_NOT_READY"}
NAMES_A_RESOURCE |= {"ENDPOINT_NOT_FOUND", "ENDPOINT_ETAG_MISMATCH", "SECRET_NOT_FOUND"}
NAMES_A_RESOURCE |= {"DELIVERY_NOT_FOUND", "REPLAY_NOT_FOUND"}


@pytest.fixture(scope="module")
def scene(
    server: RunningServer,
    postgres_server: PostgresServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    small = {
        "server.threads": 1,
        "calls.longest_queue": 1,
        "calls.minimum_deadline": "2s",
        "company.import_row_limit": 3,
        "company.most_transfers": 1,
        "notifications.most_templates": 1,
        "notifications.tenant_per_second": 0.01,
        "rules.most_definitions": 1,
        "rules.most_simulations": 1,
        "rules.most_hooks": 1,
        "events.most_watchers": 1,
        "webhooks.most_endpoints": 1,
        "rules.approval": "four_eyes",
        "rules.decision_log": "synchronous",
        "rules.decision_inputs": "digest",
        "database.pool_timeout": "20s",
    }
    log = tmp_path_factory.mktemp("narrow") / "log"
    with (
        postgres_server.create_database(template=template_database) as database,
        running_server(database, log, settings=small) as narrow,
    ):
        yield Scene(server, narrow)


@pytest.mark.parametrize("reason", sorted(PROVOCATIONS))
def test_a_reason_arrives_as_the_contract_states_it(scene: Scene, reason: str) -> None:
    answer = PROVOCATIONS[reason](scene)
    assert (answer.reason, answer.code.name) == (reason, status_of(reason)), answer
    if reason not in UNHEARD:
        _assert_details(reason, answer)


def test_every_reason_of_the_contract_is_provoked() -> None:
    assert set(PROVOCATIONS) == set(REASONS)


def _assert_details(reason: str, answer: Answer) -> None:
    details = answer.details
    info = details["ErrorInfo"]
    assert info.domain == "function-backend"
    assert set(info.metadata) == set(REASONS[reason].metadata_keys)
    assert all(info.metadata.values()), info
    assert details["RequestInfo"].request_id
    assert details["Help"].links[0].url.endswith(f"#{reason}")
    assert answer.text
    present = {name for name in ("BadRequest", "RetryInfo", "PreconditionFailure", "ResourceInfo") if name in details}
    expected = {
        "BadRequest": reason in NAMES_FIELDS,
        "RetryInfo": reason in COMES_BACK,
        "PreconditionFailure": status_of(reason) == "FAILED_PRECONDITION",
        "ResourceInfo": reason in NAMES_A_RESOURCE,
    }
    assert present == {name for name, wanted in expected.items() if wanted}
    if "BadRequest" in details:
        assert all(violation.field and violation.description for violation in details["BadRequest"].field_violations)
    if "RetryInfo" in details:
        assert details["RetryInfo"].retry_delay.ToTimedelta().total_seconds() > 0
    if "PreconditionFailure" in details:
        assert details["PreconditionFailure"].violations[0].type == reason
