"""Everything that is sealed can be sealed anew: what a rotation does not know of, it would lose."""

from __future__ import annotations

import psycopg
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor

from function_backend.events.sealed_payload import FIELD_NUMBER
from function_backend.services.auth.repository import sealed as auth
from function_backend.services.notifications.repository import sealed as notifications
from function_backend.services.webhooks.repository import sealed as webhooks
from function_backend.vault.core_places import CORE_PLACES
from tests.fixtures import postgres
from tests.fixtures.methods import every_method

_SEALED_COLUMNS = """
    select c.table_name, c.column_name from information_schema.columns c
    join information_schema.columns t using (table_schema, table_name)
    where c.table_schema = 'public' and c.data_type = 'bytea' and c.column_name like 'sealed%'
        and t.column_name = 'tenant_id'
"""


def test_every_sealed_column_is_known_to_the_rotation(database: postgres.Database) -> None:
    places = [*CORE_PLACES, *auth.SEALED_PLACES, *notifications.SEALED_PLACES, *webhooks.SEALED_PLACES]
    known = {(place.name, column) for place in places for column in place.sealed_columns}
    with psycopg.connect(database.owner_url) as connection:
        assert set(connection.execute(_SEALED_COLUMNS).fetchall()) == known


def test_no_message_uses_the_field_that_leads_a_sealed_payload() -> None:
    seen: dict[str, Descriptor] = {}
    waiting = [
        kind for method in every_method() for kind in (method.descriptor.input_type, method.descriptor.output_type)
    ]
    files = {message.file.name for message in waiting}
    pool = descriptor_pool.Default()
    packages = {name.rsplit("/", 1)[0] for name in files}
    assert packages >= {"function/auth/v1", "function/company/v1", "function/rules/v1"}
    for name in files | {name.replace("_service.proto", "_events.proto") for name in files}:
        try:
            waiting.extend(pool.FindFileByName(name).message_types_by_name.values())
        except KeyError:
            continue
    while waiting:
        message = waiting.pop()
        if message.full_name not in seen:
            seen[message.full_name] = message
            waiting.extend(field.message_type for field in message.fields if field.message_type is not None)
    assert len(seen) > 100
    assert [name for name, message in seen.items() if FIELD_NUMBER in message.fields_by_number] == []
