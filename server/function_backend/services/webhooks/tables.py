"""The tables of webhooks.

An endpoint (`webhook_endpoint`) has secrets (`webhook_secret`), which are sealed, and a queue (`webhook_queue`): when
something is due, how fast it may go, how it fares. A delivery (`webhook_delivery`) is an event on its way to an
endpoint, an attempt (`webhook_attempt`) what came of trying once; a replay (`webhook_replay`) queues old events again.

The queue's row is the lock of everything that changes the state of the endpoint's deliveries.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, Table, Text, Uuid, column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

endpoint_table = Table(
    "webhook_endpoint",
    metadata,
    tenant_column(),
    # A UUID of version 7, so that the key is also the order of time.
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(_BYTEWISE), nullable=False),
    Column("subject_types", ARRAY(_BYTEWISE), nullable=False),
    Column("subject_ids", ARRAY(Uuid()), nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("payload_mode", _BYTEWISE, nullable=False),
    Column("ordered", Boolean, nullable=False),
    Column("rate_limit", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    # What the owner may see: [[patterns], [[type, id or null, {labels}, [patterns]], …]].
    Column("audience", JSONB, nullable=False),
    Column("disable_reason", _BYTEWISE),
    moment_column("disabled_at", nullable=True),
    Column("since_position", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    # Since when it is gone; its deliveries are removed a few at a time, and then its row.
    moment_column("deleted_at", nullable=True),
    Index("webhook_endpoint_deleted_idx", "deleted_at", postgresql_where=column("deleted_at").is_not(None)),
)

secret_table = Table(
    "webhook_secret",
    metadata,
    tenant_column(),
    Column("endpoint_id", Uuid(), primary_key=True, nullable=False),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("kind", _BYTEWISE, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at", nullable=True),
)

queue_table = Table(
    "webhook_queue",
    metadata,
    tenant_column(),
    Column("endpoint_id", Uuid(), primary_key=True, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("endpoint_revision", BigInteger, nullable=False),
    # When to look for something to send; null when nothing is open, or nothing is to be sent.
    moment_column("due_at", nullable=True),
    Column("rate_limit", Integer, nullable=False),
    # A bucket that refills by the rate limit.
    Column("tokens", Double, nullable=False),
    moment_column("tokens_at"),
    # The receiver wants to be left alone until then.
    moment_column("paused_until", nullable=True),
    moment_column("failing_since", nullable=True),
    Column("failures", BigInteger, nullable=False),
    Index("webhook_queue_due_idx", "due_at", postgresql_where=column("due_at").is_not(None)),
)

delivery_table = Table(
    "webhook_delivery",
    metadata,
    tenant_column(),
    # A UUID of version 7, so that the key is also the order of time.
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("endpoint_id", Uuid(), nullable=False),
    Column("event_id", Uuid(), nullable=False),
    Column("event_type", _BYTEWISE, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("subject_type", _BYTEWISE, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("trace_context", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("cause", _BYTEWISE, nullable=False),
    # Whether others about the same subject wait for it, and it for them.
    Column("ordered", Boolean, nullable=False),
    Column("state", _BYTEWISE, nullable=False),
    Column("attempts", Integer, nullable=False),
    # While it is leased, the end of the lease.
    moment_column("due_at"),
    Column("lease", Uuid()),
    moment_column("created_at"),
    moment_column("ended_at", nullable=True),
    Column("last_outcome", _BYTEWISE),
    Column("last_status", Integer, nullable=False),
    moment_column("expires_at"),
    Index("webhook_delivery_list_idx", "tenant_id", "endpoint_id", "id"),
    Index("webhook_delivery_event_idx", "tenant_id", "endpoint_id", "event_id"),
    Index("webhook_delivery_due_idx", "endpoint_id", "due_at", postgresql_where=column("state") == "pending"),
    Index("webhook_delivery_lease_idx", "endpoint_id", "due_at", postgresql_where=column("lease").is_not(None)),
    Index(
        "webhook_delivery_order_idx",
        "endpoint_id",
        "subject_id",
        "position",
        postgresql_where=column("ordered") & column("state").in_(["pending", "waiting"]),
    ),
    Index("webhook_delivery_over_idx", "expires_at"),
)

attempt_table = Table(
    "webhook_attempt",
    metadata,
    tenant_column(),
    Column("delivery_id", Uuid(), primary_key=True, nullable=False),
    Column("number", Integer, primary_key=True, nullable=False, autoincrement=False),
    moment_column("started_at"),
    # In microseconds.
    Column("duration", BigInteger, nullable=False),
    Column("outcome", _BYTEWISE, nullable=False),
    Column("error", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("request_headers", JSONB, nullable=False),
    Column("response_headers", JSONB, nullable=False),
    Column("response_body", LargeBinary, nullable=False),
    Column("response_truncated", Boolean, nullable=False),
)

replay_table = Table(
    "webhook_replay",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("endpoint_id", Uuid(), nullable=False),
    Column("missed_only", Boolean, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("queued", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("ended_at", nullable=True),
    Index("webhook_replay_open_idx", "tenant_id", "endpoint_id", postgresql_where=column("ended_at").is_(None)),
)
