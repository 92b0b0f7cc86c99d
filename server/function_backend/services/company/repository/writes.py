"""Writing companies: one at a time or a thousand, by the same statement.

A write is one round trip whatever it touches: current state, revision and identifiers travel as one array per column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from function_backend.persistence import arrays
from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.history import Transition
from function_backend.services.company.domain.text import fold
from function_backend.services.company.repository.keys import StoredKey, stored_keys

# Between values of a list that travels as one text. A control character, which no value may have.
_SEPARATOR = "\x1f"

# The guard on last_revision: two writers that both saw revision 4 cannot both record a 5. Rows of an update are locked
# beforehand, so it only ever strikes where two imports create a company under the same id.
_WRITE_SQL = """
with written as (
    insert into company (
        tenant_id, id, revision, last_revision, valid_from, recorded_at, created_at, updated_at, deleted_at,
        legal_name, legal_name_folded, legal_form_code, jurisdiction, status, incorporation_date, dissolution_date,
        countries, industries, identifier_schemes, labels, document, document_version
    )
    select
        %(tenant)b::uuid, w.id, w.revision, w.last_revision, w.valid_from, w.recorded_at, w.created_at, w.updated_at,
        w.deleted_at, w.legal_name, w.legal_name_folded, w.legal_form_code, w.jurisdiction, w.status,
        w.incorporation_date, w.dissolution_date, string_to_array(w.countries, E'\\x1f'),
        string_to_array(w.industries, E'\\x1f'), string_to_array(w.identifier_schemes, E'\\x1f'),
        w.labels::jsonb, w.document, %(document_version)b::smallint
    from unnest(
        %(id)b::uuid[], %(revision)b::bigint[], %(last_revision)b::bigint[], %(valid_from)b::timestamptz[],
        %(recorded_at)b::timestamptz[], %(created_at)b::timestamptz[], %(updated_at)b::timestamptz[],
        %(deleted_at)b::timestamptz[], %(legal_name)b::text[], %(legal_name_folded)b::text[],
        %(legal_form_code)b::text[], %(jurisdiction)b::text[], %(status)b::text[], %(incorporation_date)b::date[],
        %(dissolution_date)b::date[], %(countries)b::text[], %(industries)b::text[],
        %(identifier_schemes)b::text[], %(labels)b::text[],
        %(document)b::bytea[]
    ) as w (
        id, revision, last_revision, valid_from, recorded_at, created_at, updated_at, deleted_at, legal_name,
        legal_name_folded, legal_form_code, jurisdiction, status, incorporation_date, dissolution_date, countries,
        industries, identifier_schemes, labels, document
    )
    on conflict (tenant_id, id) do update set
        revision = excluded.revision, last_revision = excluded.last_revision, valid_from = excluded.valid_from,
        recorded_at = excluded.recorded_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at,
        legal_name = excluded.legal_name, legal_name_folded = excluded.legal_name_folded,
        legal_form_code = excluded.legal_form_code, jurisdiction = excluded.jurisdiction, status = excluded.status,
        incorporation_date = excluded.incorporation_date, dissolution_date = excluded.dissolution_date,
        countries = excluded.countries, industries = excluded.industries,
        identifier_schemes = excluded.identifier_schemes, labels = excluded.labels,
        document = excluded.document, document_version = excluded.document_version
    where company.last_revision = excluded.last_revision - 1
    returning 1
), recorded as (
    insert into company_revision (
        tenant_id, company_id, revision, kind, valid_from, recorded_at, actor, request_id, changed_fields, state
    )
    select
        %(tenant)b::uuid, r.company_id, r.revision, r.kind, r.valid_from, r.recorded_at, %(actor)b::text,
        %(request_id)b::text, string_to_array(r.changed_fields, E'\\x1f'), r.state::jsonb
    from unnest(
        %(id)b::uuid[], %(last_revision)b::bigint[], %(kind)b::text[], %(revision_valid_from)b::timestamptz[],
        %(recorded_at)b::timestamptz[], %(changed_fields)b::text[], %(state)b::text[]
    ) as r (company_id, revision, kind, valid_from, recorded_at, changed_fields, state)
), claimed as (
    insert into company_identifier (tenant_id, scheme, value, scope, company_id)
    select %(tenant)b::uuid, i.scheme, i.value, i.scope, i.company_id
    from unnest(%(scheme)b::text[], %(value)b::text[], %(scope)b::text[], %(company_id)b::uuid[])
        as i (scheme, value, scope, company_id)
    on conflict do nothing
    returning 1
)
select (select count(*) from written), (select count(*) from claimed)
"""

_RELEASE_SQL = """
delete from company_identifier i
using unnest(%b::text[], %b::text[], %b::text[]) as gone (scheme, value, scope)
where i.tenant_id = %b::uuid and i.scheme = gone.scheme and i.value = gone.value and i.scope = gone.scope
"""


class CompanyWrite(NamedTuple):
    """What is written of one company."""

    transition: Transition
    state_json: bytes
    """The state of the revision, encoded."""
    document: bytes
    """The current state as it is sent."""


class ConcurrentWriteError(TransientConflictError):
    """Another transaction recorded a revision of the same company in between."""


class CompanyWriter:
    """Writes companies with their revisions and identifiers."""

    def __init__(self, work: UnitOfWork, *, document_version: int) -> None:
        self._work = work
        self._document_version = document_version

    def write(self, writes: Sequence[CompanyWrite]) -> bool:
        """Writes them; False when an identifier belongs to another company, and then the transaction must not commit.

        Raises ConcurrentWriteError when another revision was faster.
        """
        released, claimed = _identifier_changes(writes)
        driver, tenant = self._work.driver, self._work.tenant_id
        if released:
            columns = _key_columns([key for key, _ in released])
            driver.execute(_RELEASE_SQL, (*columns, tenant))
        parameters = _columns(writes)
        parameters.update(zip(("scheme", "value", "scope"), _key_columns([key for key, _ in claimed]), strict=True))
        parameters["company_id"] = arrays.uuids([write.transition.record.company.id for _, write in claimed])
        call = self._work.call
        parameters["tenant"] = tenant
        parameters["document_version"] = self._document_version
        parameters["actor"] = "" if call.principal is None else call.principal.actor
        parameters["request_id"] = call.request_id
        row = driver.execute(_WRITE_SQL, parameters).fetchone()
        if row is None or row[0] != len(writes):
            raise ConcurrentWriteError
        return bool(row[1] == len(claimed))


_KeyOf = tuple[StoredKey, CompanyWrite]


def _identifier_changes(writes: Sequence[CompanyWrite]) -> tuple[list[_KeyOf], list[_KeyOf]]:
    """The keys that companies give up and those that they take."""
    released: list[_KeyOf] = []
    claimed: list[_KeyOf] = []
    for write in writes:
        transition = write.transition
        if not transition.is_current:
            continue
        company_id, state = transition.record.company.id, transition.revision.state
        if transition.before is None:
            claimed.extend((key, write) for key in stored_keys(company_id, state.identifiers))
        elif transition.before.identifiers != state.identifiers:
            before = set(stored_keys(company_id, transition.before.identifiers))
            after = set(stored_keys(company_id, state.identifiers))
            released.extend((key, write) for key in before - after)
            claimed.extend((key, write) for key in after - before)
    # In one order for all: two imports that take the same identifiers then wait for each other and do not deadlock.
    released.sort(key=_key)
    claimed.sort(key=_key)
    return released, claimed


_key = itemgetter(0)


def _key_columns(keys: Sequence[StoredKey]) -> tuple[arrays.PgArray, arrays.PgArray, arrays.PgArray]:
    return (
        arrays.texts([key.scheme for key in keys]),
        arrays.texts([key.value for key in keys]),
        arrays.texts([key.scope for key in keys]),
    )


# The parameters that have one value per company, and how each becomes an array.
_ENCODERS: tuple[tuple[str, Callable[[Sequence[Any]], arrays.PgArray]], ...] = (
    ("id", arrays.uuids),
    ("revision", arrays.integers),
    ("last_revision", arrays.integers),
    ("valid_from", arrays.moments),
    ("recorded_at", arrays.moments),
    ("created_at", arrays.moments),
    ("updated_at", arrays.moments),
    ("deleted_at", arrays.moments),
    ("legal_name", arrays.texts),
    ("legal_name_folded", arrays.texts),
    ("legal_form_code", arrays.texts),
    ("jurisdiction", arrays.texts),
    ("status", arrays.texts),
    ("incorporation_date", arrays.days),
    ("dissolution_date", arrays.days),
    ("countries", arrays.texts),
    ("industries", arrays.texts),
    ("identifier_schemes", arrays.texts),
    ("labels", arrays.encoded_texts),
    ("document", arrays.blobs),
    ("kind", arrays.texts),
    ("revision_valid_from", arrays.moments),
    ("changed_fields", arrays.texts),
    ("state", arrays.encoded_texts),
)


def _columns(writes: Sequence[CompanyWrite]) -> dict[str, Any]:
    columns = zip(*map(_row, writes), strict=True)
    return {name: encode(column) for (name, encode), column in zip(_ENCODERS, columns, strict=True)}


def _row(write: CompanyWrite) -> tuple[Any, ...]:
    record, revision, _ = write.transition
    company = record.company
    state = company.state
    return (
        company.id,
        company.revision,
        record.last_revision,
        record.valid_from,
        record.recorded_at,
        company.created_at,
        company.updated_at,
        company.deleted_at,
        state.legal_name,
        fold(state.legal_name),
        "" if state.legal_form is None else state.legal_form.code,
        state.jurisdiction,
        state.status,
        state.incorporation_date,
        state.dissolution_date,
        _SEPARATOR.join(state.countries),
        _SEPARATOR.join([industry.term for industry in state.industries]),
        _SEPARATOR.join(sorted({identifier.scheme for identifier in state.identifiers})),
        orjson.dumps(state.labels) if state.labels else b"{}",
        write.document,
        revision.kind,
        revision.valid_from,
        _SEPARATOR.join(revision.changed_fields),
        write.state_json,
    )
