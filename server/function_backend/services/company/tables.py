"""The tables of companies.

`company_revision` is the truth: every state there was, as JSON. The others follow from it and are written in the same
transaction: `company` has one row per company, its current state, for lists and reads; `company_identifier` has one row
per identifier of a current state, for look-ups and uniqueness (docs/adr/0007-company-model.md). `company_transfer` has
the imports and exports that jobs carry out, in parts.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

# The collation of all texts that are compared: the order of code points is the same on every machine, and its
# comparisons may use an index under row-level security.
_BYTEWISE = Text(collation="C")

company_table = Table(
    "company",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    # The revision that is the current state. An amendment of the past is recorded later and is not it.
    Column("revision", BigInteger, nullable=False),
    Column("last_revision", BigInteger, nullable=False),
    moment_column("valid_from"),
    moment_column("recorded_at"),
    moment_column("created_at"),
    moment_column("updated_at"),
    moment_column("deleted_at", nullable=True),
    Column("legal_name", _BYTEWISE, nullable=False),
    Column("legal_name_folded", _BYTEWISE, nullable=False),
    Column("legal_form_code", _BYTEWISE, nullable=False),
    Column("jurisdiction", _BYTEWISE, nullable=False),
    Column("status", _BYTEWISE, nullable=False),
    Column("incorporation_date", Date),
    Column("dissolution_date", Date),
    Column("countries", ARRAY(_BYTEWISE), nullable=False),
    Column("industries", ARRAY(_BYTEWISE), nullable=False),
    Column("identifier_schemes", ARRAY(_BYTEWISE), nullable=False),
    Column("labels", JSONB, nullable=False),
    # The company as it is sent, derived from the rest, with the version of the code that made it.
    Column("document", LargeBinary, nullable=False),
    Column("document_version", SmallInteger, nullable=False),
    Index("company_legal_name_idx", "tenant_id", "legal_name_folded", "id"),
    Index("company_jurisdiction_idx", "tenant_id", "jurisdiction", "id"),
    Index("company_created_at_idx", "tenant_id", "created_at", "id"),
    Index("company_updated_at_idx", "tenant_id", "updated_at", "id"),
)

company_identifier_table = Table(
    "company_identifier",
    metadata,
    tenant_column(),
    Column("scheme", _BYTEWISE, primary_key=True, nullable=False),
    Column("value", _BYTEWISE, primary_key=True, nullable=False),
    # What the value is unique within: the tenant (empty), the issuer, or, where companies may share it, the company.
    Column("scope", _BYTEWISE, primary_key=True, nullable=False),
    Column("company_id", Uuid(), nullable=False),
    # A search finds a value whatever its scheme.
    Index("company_identifier_value_idx", "tenant_id", "value"),
)

company_label_table = Table(
    "company_label",
    metadata,
    tenant_column(),
    # Kept by a trigger on `company`: what those who see some companies only are shown these by.
    Column("key", _BYTEWISE, primary_key=True, nullable=False),
    Column("value", _BYTEWISE, primary_key=True, nullable=False),
    Column("company_id", Uuid(), primary_key=True, nullable=False),
)

company_revision_table = Table(
    "company_revision",
    metadata,
    tenant_column(),
    Column("company_id", Uuid(), primary_key=True, nullable=False),
    Column("revision", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("kind", _BYTEWISE, nullable=False),
    moment_column("valid_from"),
    moment_column("recorded_at"),
    Column("actor", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("changed_fields", ARRAY(_BYTEWISE), nullable=False),
    Column("state", JSONB, nullable=False),
)

company_search_table = Table(
    "company_search",
    metadata,
    tenant_column(),
    Column("company_id", Uuid(), primary_key=True, nullable=False),
    # The names as the search compares them, and numbers that stand for the words in them (domain/search/terms.py).
    Column("names", _BYTEWISE, nullable=False),
    Column("terms", ARRAY(Integer), nullable=False),
    # What results are filtered by, so that candidates are counted after the filter and not before.
    Column("status", _BYTEWISE, nullable=False),
    Column("countries", ARRAY(_BYTEWISE), nullable=False),
    Column("industries", ARRAY(_BYTEWISE), nullable=False),
    Index("company_search_terms_idx", "terms", postgresql_using="gin"),
)

company_search_word_table = Table(
    "company_search_word",
    metadata,
    tenant_column(),
    Column("word", _BYTEWISE, primary_key=True, nullable=False),
    # Tells the rows apart that several transactions wrote of one word.
    Column("writer", Integer, primary_key=True, nullable=False, autoincrement=False),
    # In how many names it is, roughly.
    Column("frequency", Integer, nullable=False),
    # Numbers that stand for the word with letters left out (domain/search/typos.py).
    Column("shortened", ARRAY(Integer), nullable=False),
    Index("company_search_word_shortened_idx", "shortened", postgresql_using="gin"),
)

transfer_table = Table(
    "company_transfer",
    metadata,
    tenant_column(),
    # A UUID of version 7, which is also that of the job.
    Column("id", Uuid(), primary_key=True, nullable=False),
    # `import` or `export`, and what was asked for.
    Column("kind", _BYTEWISE, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("part_count", BigInteger, nullable=False),
    Column("creator", Text, nullable=False),
    moment_column("created_at"),
    moment_column("ended_at", nullable=True),
    moment_column("expires_at"),
    Index("company_transfer_expires_at_idx", "expires_at"),
)

transfer_part_table = Table(
    "company_transfer_part",
    metadata,
    tenant_column(),
    Column("transfer_id", Uuid(), primary_key=True, nullable=False),
    Column("kind", _BYTEWISE, primary_key=True, nullable=False),
    # From 0, in order; a part of rejections has the number of its batch.
    Column("number", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    # Of rows and companies: messages as they are sent. Of rejections: JSON.
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "transfer_id"],
        ["company_transfer.tenant_id", "company_transfer.id"],
        name="company_transfer_part_transfer_fkey",
        ondelete="CASCADE",
    ),
)
