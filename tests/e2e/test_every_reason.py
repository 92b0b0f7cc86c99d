"""Every reason of the contract, provoked through the real server, arrives as the contract states it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.reasons import REASONS, status_of
from tests.e2e import provocations_relations
from tests.e2e.provocations import PROVOCATIONS
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.server import RunningServer, running_server

# Nobody is left to hear of these: what the contract says of them stands in the access log.
UNHEARD = {"CALL_CANCELLED"}
NAMES_FIELDS = {"INVALID_REQUEST", "INVALID_FILTER", "INVALID_PAGE_TOKEN", "INVALID_CONSISTENCY_TOKEN"}
COMES_BACK = {"RATE_LIMITED", "OVERLOADED", "DEPENDENCY_UNAVAILABLE", "CONCURRENT_CHANGE"}
NAMES_A_RESOURCE = {reason for reason in REASONS if reason.startswith(("COMPANY_", "TENANT_", "API_KEY_"))}
assert provocations_relations.provokes, "each file of provocations adds its own when it is loaded"
NAMES_FIELDS |= {"RELATION_SCHEMA_INVALID", "RELATION_UNKNOWN", "RELATIONSHIP_INVALID"}
NAMES_A_RESOURCE |= {
    "RELATION_SCHEMA_NOT_FOUND",
    "RELATION_SCHEMA_CHANGED",
    "RELATIONSHIP_EXISTS",
    "DECISION_NOT_FOUND",
}


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
