"""The tables of rules.

A decision (`rules_definition`) has versions (`rules_version`) with a history (`rules_version_step`). When a version is
in force stands in `rules_publication`, to which rows are only added; a retirement ends them. `rules_decision` is the
log of what was decided. `rules_hook` binds decisions to operations, `rules_rollout`
has the candidates beside versions in force, `rules_simulation` what is tried out in the background.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    false,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

definition_table = Table(
    "rules_definition",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("last_version", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    Column("creator", Text, nullable=False),
    UniqueConstraint("tenant_id", "name", name="rules_definition_name_key"),
)

version_table = Table(
    "rules_version",
    metadata,
    tenant_column(),
    Column("definition_id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("state", _BYTEWISE, nullable=False),
    Column("description", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    # The message `function.rules.v1.Definition`, and the SHA-256 of these bytes.
    Column("content", LargeBinary, nullable=False),
    Column("content_hash", _BYTEWISE, nullable=False),
    Column("called", ARRAY(_BYTEWISE), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("authors", ARRAY(Text), nullable=False),
    # What it calls, as [name, version] pairs; empty until it is published.
    Column("calls", JSONB, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
)

version_step_table = Table(
    "rules_version_step",
    metadata,
    tenant_column(),
    Column("definition_id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    # The revision of the decision that the step made.
    Column("revision", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("action", _BYTEWISE, nullable=False),
    Column("actor", Text, nullable=False),
    moment_column("at"),
    Column("comment", Text, nullable=False),
)

publication_table = Table(
    "rules_publication",
    metadata,
    tenant_column(),
    Column("definition_id", Uuid(), primary_key=True, nullable=False),
    Column("number", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    moment_column("valid_from"),
    moment_column("valid_until", nullable=True),
    moment_column("ended_at", nullable=True),
    moment_column("published_at"),
    Column("publisher", Text, nullable=False),
    Column("comment", Text, nullable=False),
)

decision_table = Table(
    "rules_decision",
    metadata,
    tenant_column(),
    # A UUID of version 7, so that the key is also the order of time.
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("definition_id", Uuid(), nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("content_hash", _BYTEWISE, nullable=False),
    Column("status", _BYTEWISE, nullable=False),
    moment_column("decided_at"),
    moment_column("effective_at"),
    moment_column("expires_at"),
    Column("caller", Text, nullable=False),
    # The message `function.rules.v1.Decision` as it was answered, without an explanation.
    Column("outcome", LargeBinary, nullable=False),
    # The message `function.rules.v1.DecisionInputs`, with sensitive fields empty; null where inputs are not kept.
    Column("inputs", LargeBinary),
    Column("redacted", Boolean, nullable=False),
    Column("inputs_digest", LargeBinary, nullable=False),
    # Whether the caller took the decision itself and reported it.
    Column("local", Boolean, nullable=False, server_default=false()),
    # The candidate of the rollout there was, and the version that decided as well without being acted upon.
    Column("candidate_version", BigInteger),
    Column("other_version", BigInteger),
    Column("agreement", _BYTEWISE),
    Column("other_outcome", LargeBinary),
    Index("rules_decision_name_idx", "tenant_id", "name", "id"),
    Index(
        "rules_decision_candidate_idx",
        "tenant_id",
        "definition_id",
        "candidate_version",
        "id",
        postgresql_where=column("candidate_version").is_not(None),
    ),
    Index("rules_decision_unmatched_idx", "tenant_id", "status", "id", postgresql_where=column("status") != "matched"),
    Index("rules_decision_over_idx", "expires_at"),
)

hook_table = Table(
    "rules_hook",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    # The name of the decision, which is there as long as a version of it is.
    Column("definition", _BYTEWISE, nullable=False),
    Column("operations", ARRAY(_BYTEWISE), nullable=False),
    Column("mode", _BYTEWISE, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("description", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    Column("creator", Text, nullable=False),
    UniqueConstraint("tenant_id", "name", name="rules_hook_name_key"),
)

rollout_table = Table(
    "rules_rollout",
    metadata,
    tenant_column(),
    Column("definition_id", Uuid(), primary_key=True, nullable=False),
    Column("candidate_version", BigInteger, nullable=False),
    Column("content_hash", _BYTEWISE, nullable=False),
    # What the candidate calls, as [name, version] pairs, as of when the rollout was set.
    Column("calls", JSONB, nullable=False),
    Column("mode", _BYTEWISE, nullable=False),
    # The share of the keys that the candidate answers for, in hundredths of a hundredth.
    Column("hundredths", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    moment_column("started_at"),
    moment_column("updated_at"),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
)

simulation_table = Table(
    "rules_simulation",
    metadata,
    tenant_column(),
    # A UUID of version 7, so that the key is also the order of time.
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("definition_id", Uuid(), nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("version", BigInteger, nullable=False),
    # The definition as it was when the simulation was asked for, and what it called then.
    Column("content", LargeBinary, nullable=False),
    Column("content_hash", _BYTEWISE, nullable=False),
    Column("calls", JSONB, nullable=False),
    Column("baseline_version", BigInteger, nullable=False),
    # The message `function.rules.v1.SimulationSource`.
    Column("source", LargeBinary, nullable=False),
    Column("max_examples", BigInteger, nullable=False),
    Column("state", _BYTEWISE, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    # The last subject that `result` counts; empty at first.
    Column("place", _BYTEWISE, nullable=False),
    # The message `function.rules.v1.SimulationResult`.
    Column("result", LargeBinary, nullable=False),
    Column("failure", Text, nullable=False),
    # How often workers began without getting any further.
    Column("attempts", BigInteger, nullable=False),
    # Which worker is at it, and until when it is taken to be alive.
    Column("holder", Uuid()),
    moment_column("held_until", nullable=True),
    moment_column("created_at"),
    moment_column("started_at", nullable=True),
    moment_column("ended_at", nullable=True),
    moment_column("expires_at"),
    Column("creator", Text, nullable=False),
    Index("rules_simulation_open_idx", "id", postgresql_where=column("ended_at").is_(None)),
    Index("rules_simulation_over_idx", "expires_at"),
)
