"""The rows of the table, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.figure import Measurement
from bench.rows.audit_verify import measure as measure_audit_verify
from bench.rows.client_verification import measure as measure_client_verification
from bench.rows.create_company import measure as measure_create_company
from bench.rows.credential_cost import measure as measure_credential_cost
from bench.rows.database_read import measure as measure_database_read
from bench.rows.event_relay import measure as measure_event_relay
from bench.rows.event_streams import measure as measure_event_streams
from bench.rows.event_watch import measure as measure_event_watch
from bench.rows.get_company import measure as measure_get_company
from bench.rows.import_companies import measure as measure_import_companies
from bench.rows.jobs import measure as measure_jobs
from bench.rows.list_pages import measure as measure_list_pages
from bench.rows.memory import measure as measure_memory
from bench.rows.password_logins import measure as measure_password_logins
from bench.rows.permission_checks import measure as measure_permission_checks
from bench.rows.permitted_resources import measure as measure_permitted_resources
from bench.rows.ready import measure as measure_ready
from bench.rows.revocation import measure as measure_revocation
from bench.rows.rules_conditions import measure as measure_rules_conditions
from bench.rows.rules_local import measure as measure_rules_local
from bench.rows.rules_publish import measure as measure_rules_publish
from bench.rows.rules_service import measure as measure_rules_service
from bench.rows.rules_sets import measure as measure_rules_sets
from bench.rows.rules_simulate import measure as measure_rules_simulate
from bench.rows.rules_tables import measure as measure_rules_tables
from bench.rows.sealed_fields import measure as measure_sealed_fields
from bench.rows.search import measure as measure_search
from bench.rows.token_grants import measure as measure_token_grants
from bench.rows.verify_credential import measure as measure_verify_credential
from bench.rows.webhooks import measure as measure_webhooks
from bench.rows.workers import measure as measure_workers
from bench.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One benchmark."""

    name: str
    title: str
    measure: Callable[[Stage], Measurement]


ROWS = (
    Row(name="get-company", title="GetCompany, warm, through the whole pipeline", measure=measure_get_company),
    Row(name="database-read", title="GetCompany from the database", measure=measure_database_read),
    Row(name="workers", title="Two workers", measure=measure_workers),
    Row(name="create-company", title="CreateCompany", measure=measure_create_company),
    Row(name="ready", title="Start", measure=measure_ready),
    Row(name="memory", title="Memory at load", measure=measure_memory),
    Row(name="credentials", title="What a remembered credential costs", measure=measure_credential_cost),
    Row(name="sealed-fields", title="What sealed fields cost", measure=measure_sealed_fields),
    Row(name="verify", title="VerifyCredential", measure=measure_verify_credential),
    Row(name="grants", title="Tokens for service accounts", measure=measure_token_grants),
    Row(name="logins", title="Password logins", measure=measure_password_logins),
    Row(name="revocation", title="From a revocation to the refusal", measure=measure_revocation),
    Row(name="checks", title="Permission checks", measure=measure_permission_checks),
    Row(name="permitted", title="What somebody may see", measure=measure_permitted_resources),
    Row(name="import", title="Import through the API", measure=measure_import_companies),
    Row(name="event-watch", title="From a commit to a watcher", measure=measure_event_watch),
    Row(name="event-relay", title="Carrying events away", measure=measure_event_relay),
    Row(name="event-streams", title="Idle watchers", measure=measure_event_streams),
    Row(name="jobs", title="Jobs that do nothing", measure=measure_jobs),
    Row(name="webhooks", title="Webhooks to a receiver on this machine", measure=measure_webhooks),
    Row(name="list-pages", title="Pages of a list", measure=measure_list_pages),
    Row(name="client-verification", title="Callers of a protected service", measure=measure_client_verification),
    Row(name="audit-verify", title="Verifying an exported audit trail", measure=measure_audit_verify),
    Row(name="search", title="Search with typing errors", measure=measure_search),
    Row(name="rules", title="Rules over a message", measure=measure_rules_conditions),
    Row(name="rule-sets", title="Sets of rules", measure=measure_rules_sets),
    Row(name="rule-tables", title="Decision tables", measure=measure_rules_tables),
    Row(name="rule-publish", title="Publishing a rule", measure=measure_rules_publish),
    Row(name="rule-service", title="Decisions over gRPC", measure=measure_rules_service),
    Row(name="rules-local", title="Decisions in the client's process", measure=measure_rules_local),
    Row(name="rule-simulate", title="Simulating a set of rules", measure=measure_rules_simulate),
)
