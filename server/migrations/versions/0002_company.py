"""Companies: current states, identifiers, revisions."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table company (
            tenant_id uuid not null,
            id uuid not null,
            revision bigint not null,
            last_revision bigint not null,
            valid_from timestamptz not null,
            recorded_at timestamptz not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            deleted_at timestamptz,
            legal_name text collate "C" not null,
            legal_name_folded text collate "C" not null,
            legal_form_code text collate "C" not null,
            jurisdiction text collate "C" not null,
            status text collate "C" not null,
            incorporation_date date,
            dissolution_date date,
            countries text[] collate "C" not null,
            industries text[] collate "C" not null,
            identifier_schemes text[] collate "C" not null,
            labels jsonb not null,
            document bytea not null,
            document_version smallint not null,
            constraint company_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("create index company_legal_name_idx on company (tenant_id, legal_name_folded, id)")
    op.execute("create index company_jurisdiction_idx on company (tenant_id, jurisdiction, id)")
    op.execute("create index company_created_at_idx on company (tenant_id, created_at, id)")
    op.execute("create index company_updated_at_idx on company (tenant_id, updated_at, id)")
    op.execute("""
        create table company_identifier (
            tenant_id uuid not null,
            scheme text collate "C" not null,
            value text collate "C" not null,
            scope text collate "C" not null,
            company_id uuid not null,
            constraint company_identifier_pkey primary key (tenant_id, scheme, value, scope)
        )
    """)
    op.execute("""
        create table company_revision (
            tenant_id uuid not null,
            company_id uuid not null,
            revision bigint not null,
            kind text collate "C" not null,
            valid_from timestamptz not null,
            recorded_at timestamptz not null,
            actor text not null,
            request_id text not null,
            changed_fields text[] collate "C" not null,
            state jsonb not null,
            constraint company_revision_pkey primary key (tenant_id, company_id, revision)
        )
    """)
    protect("company", app="select, insert, update")
    protect("company_identifier", app="select, insert, delete")
    # History is added to and never rewritten, not even by the service.
    protect("company_revision", app="select, insert")


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
