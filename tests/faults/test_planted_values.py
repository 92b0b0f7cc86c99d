"""What tells of people goes through the methods that take it; then everything that was written is searched for it.

A second search comes after the tenant was deleted, with every key of the installation at hand: what is left of the
tenant in the database must be of no use even to those who hold the master key.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass

from function.auth.v1 import user_events_pb2, user_pb2
from function_backend.events.sealed_payload import is_sealed, masked, whole
from function_backend.kernel.background import acting_for
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.secret import Secret
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault
from tests.factories.events import RefusingSink
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import CLIENT
from tests.fixtures.methods import call, every_method
from tests.fixtures.principals import NewTenant, make_child_tenant, make_key
from tests.fixtures.server import MASTER_KEY, RunningServer, StartServer
from tests.fixtures.traces import Receiver

_METHODS = {method.descriptor.name: method for method in every_method()}
_PASSWORD = "violet-harbour-92"
_EVERY_TABLE = (
    "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
)
_EVENTS_SQL = "select id, type, payload from event where tenant_id = %s order by position"
_STILL_TO_BE_SEALED_SQL = """
    insert into resealing (tenant_id, started_at, updated_at, retry_at) values (%s, now(), now(), '2100-01-01')
"""

Json = dict[str, Any]


@dataclass
class _Planter:
    """Calls methods of one tenant and remembers what tells of people."""

    server: RunningServer
    tenant: NewTenant
    planted: set[str] = field(default_factory=set)

    def value(self, ending: str = "") -> str:
        made = f"plant{secrets.token_hex(8)}"
        self.planted.add(made)
        return made + ending

    def send(self, name: str, message: Json) -> Json:
        method = _METHODS[name]
        body = ParseDict(message, method.request()).SerializeToString()
        metadata = self.server.metadata(self.tenant.key)
        answer = call(self.server.channel, method, [body], metadata)
        assert answer.code is grpc.StatusCode.OK, f"{name}: {answer}"
        response = GetMessageClass(method.descriptor.output_type).FromString(answer.responses[0])
        found: Json = MessageToDict(response, preserving_proto_field_name=True)
        return found

    def user(self) -> Json:
        return {
            "user_name": self.value(),
            "email": self.value("@example.com"),
            "display_name": self.value(" the Planted"),
            "attributes": {"phone": self.value(), "nested": {"shoe": self.value()}},
        }


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.mark.timeout(120)
def test_nothing_that_tells_of_people_is_readable_in_what_is_stored_or_logged(
    start_server: StartServer, receiver: Receiver
) -> None:
    server = start_server(settings={"tracing.endpoint": receiver.endpoint, "tracing.ratio": 1, "log.level": "debug"})
    planter = _Planter(server, make_child_tenant(server))
    _go_through_everything(planter)
    server.backend._outlook.flush()
    eventually(lambda: "ListUsers" in server.log_text() or None)
    places = {"log": server.log_text(), "traces": _traces(server, receiver), **_tables(server)}
    assert len(planter.planted) > 15
    assert _found(planter, places) == []


def test_events_are_masked_for_all_but_those_who_open_them(start_server: StartServer) -> None:
    server = start_server()
    planter = _Planter(server, make_child_tenant(server))
    user = planter.send("CreateUser", {"user": planter.user()})["user"]
    [(event_id, _, payload)] = [row for row in _events(planter) if row[1] == "function.auth.v1.UserCreated"]
    assert is_sealed(payload)
    # Who knows nothing of the form reads the masked message too.
    for bytes_of_it in (payload, masked(payload)):
        shown = user_events_pb2.UserCreated.FromString(bytes_of_it).user
        assert (shown.id, shown.user_name, shown.email, shown.display_name) == (user["id"], "", "", "")
        assert not shown.HasField("attributes")
    tenant_id = UUID(planter.tenant.tenant.id)
    with _vault_of(server) as transactions, acting_for(tenant_id, "test"), transactions.reading() as work:
        opened = user_events_pb2.UserCreated.FromString(whole(work, event_id, payload)).user
    assert (opened.user_name, opened.email) == (user["user_name"], user["email"])


def test_what_is_told_to_those_who_read_the_feed_and_the_trail_tells_of_nobody(start_server: StartServer) -> None:
    server = start_server()
    planter = _Planter(server, make_child_tenant(server))
    _go_through_everything(planter)
    key = make_key(
        server,
        "events.read",
        "audit.read",
        "auth.user.read",
        "auth.user_session.read",
        "auth.tenant.read",
        by=planter.tenant.key,
    )
    places = {}
    for name, request in (("ListEvents", {"page_size": 1000}), ("ListAuditRecords", {"page_size": 1000})):
        body = ParseDict(request, _METHODS[name].request()).SerializeToString()
        answer = call(server.channel, _METHODS[name], [body], server.metadata(key))
        assert answer.code is grpc.StatusCode.OK, answer
        places[name] = answer.responses[0].decode("utf-8", "replace")
    assert "UserCreated" in places["ListEvents"]
    assert "UserCreated" in places["ListAuditRecords"]
    assert _found(planter, places) == []


def test_nothing_of_a_deleted_tenant_opens_with_all_the_keys_there_are(start_server: StartServer) -> None:
    server = start_server()
    planter = _Planter(server, make_child_tenant(server))
    _go_through_everything(planter)
    tenant_id = UUID(planter.tenant.tenant.id)
    _store_as_the_release_before(planter)
    events = [row for row in _events(planter) if is_sealed(row[2])]
    assert events
    for name, message in (
        ("SuspendTenant", {"id": str(tenant_id)}),
        ("DeleteTenant", {"id": str(tenant_id), "name": planter.tenant.tenant.name}),
    ):
        body = ParseDict(message, _METHODS[name].request()).SerializeToString()
        assert call(server.channel, _METHODS[name], [body], server.metadata()).code is grpc.StatusCode.OK
    assert _found(planter, _tables(server)) == []
    with _vault_of(server) as transactions, acting_for(tenant_id, "test"):
        for event_id, _, payload in events:
            with pytest.raises(SecretLostError), transactions.reading() as work:
                whole(work, event_id, payload)
    with psycopg.connect(server.database.superuser_url) as connection:
        for table in ("tenant_key", "tenant_index_key", "resealing", "stored_answer"):
            rows = connection.execute(f"select * from {table} where tenant_id = %s", (tenant_id,)).fetchall()
            assert rows == [], table


def _go_through_everything(planter: _Planter) -> None:
    made = planter.send("CreateUser", {"user": planter.user(), "password": _PASSWORD})["user"]
    again = planter.user() | {"id": made["id"]}
    planter.send("UpdateUser", {"user": again, "request_id": str(UUID(int=secrets.randbits(128), version=4))})
    planter.send("InviteUser", {"user": planter.user()})
    planter.send("ListUsers", {"email": again["email"]})
    planter.send("ListUsers", {"user_name_prefix": again["user_name"]})
    wrong = {"grant_type": "password", "client_id": CLIENT, "tenant": planter.tenant.tenant.name}
    for login in (again["user_name"], planter.value("@example.com")):
        message = ParseDict(wrong | {"username": login, "password": "wrong-harbour-11"}, _METHODS["Token"].request())
        refused = call(planter.server.channel, _METHODS["Token"], [message.SerializeToString()], ())
        assert refused.reason == "SIGN_IN_FAILED"
    device = planter.value()
    message = ParseDict(wrong | {"username": again["email"], "password": _PASSWORD}, _METHODS["Token"].request())
    with grpc.insecure_channel(planter.server.target, options=[("grpc.primary_user_agent", device)]) as channel:
        answer = call(channel, _METHODS["Token"], [message.SerializeToString()], ())
    assert answer.code is grpc.StatusCode.OK, answer
    taken = ParseDict({"user": again}, _METHODS["CreateUser"].request())
    refused = call(
        planter.server.channel,
        _METHODS["CreateUser"],
        [taken.SerializeToString()],
        planter.server.metadata(planter.tenant.key),
    )
    assert refused.reason == "USER_NAME_TAKEN"
    planter.send("LockUser", {"id": made["id"]})
    planter.send("DeleteUser", {"id": made["id"]})
    planter.send("CreateUser", {"user": planter.user()})


def _store_as_the_release_before(planter: _Planter) -> None:
    """A user, and an event of one, that nothing has sealed yet."""
    with psycopg.connect(planter.server.database.superuser_url) as connection:
        connection.execute(
            """
            insert into event (
                tenant_id, position, recorded_at, id, shard, type, subject_type, subject_id, sequence, occurred_at,
                actor, trace_context, labels, payload
            )
            values (%s, 1000000, now(), gen_random_uuid(), 0, 'function.auth.v1.UserCreated', 'user',
                gen_random_uuid(), 1, now(), '', '', '{}', %s)
            """,
            (planter.tenant.tenant.id, _user_created(planter.value())),
        )
        connection.execute(_STILL_TO_BE_SEALED_SQL, (planter.tenant.tenant.id,))
        connection.execute(
            """
            insert into auth_user (
                tenant_id, id, version, user_name, user_name_key, email, email_key, display_name, state, attributes,
                labels, created_at, updated_at
            )
            values (%s, gen_random_uuid(), 1, %s, %s, %s, %s, %s, 'active', '{}', '{}', now(), now())
            """,
            (planter.tenant.tenant.id, *(planter.value() for _ in range(5))),
        )


def _user_created(name: str) -> bytes:
    return user_events_pb2.UserCreated(user=user_pb2.User(user_name=name)).SerializeToString()


def _events(planter: _Planter) -> list[tuple[UUID, str, bytes]]:
    with psycopg.connect(planter.server.database.superuser_url) as connection:
        return connection.execute(_EVENTS_SQL, (planter.tenant.tenant.id,)).fetchall()


def _found(planter: _Planter, places: dict[str, str]) -> list[str]:
    return [f"{value} in {place}" for place, text in places.items() for value in planter.planted if value in text]


@contextlib.contextmanager
def _vault_of(server: RunningServer) -> Iterator[Transactions]:
    """Units of work with the master key of the server, whose memory holds no data key yet."""
    vault = Vault(MasterKeys.parse([Secret(MASTER_KEY)]), SystemClock())
    opened = Database(DatabaseSettings(url=server.database.app_url))
    yield Transactions(opened, RefusingSink(), ciphers=vault.fields)
    opened.dispose()


def _traces(server: RunningServer, receiver: Receiver) -> str:
    tracing = server.backend._around.tracing
    assert tracing is not None
    tracing.stop()
    told = []
    while not receiver.requests.empty():
        told.append(str(receiver.requests.get()))
    return "".join(told)


def _tables(server: RunningServer) -> dict[str, str]:
    """The rows of every table as text, with what is binary also as what it may say."""
    with psycopg.connect(server.database.superuser_url) as connection:
        names = [name for (name,) in connection.execute(_EVERY_TABLE).fetchall()]
        return {
            name: "".join(_said(row) for row in connection.execute(f'select * from "{name}"').fetchall())
            for name in names
        }


def _said(row: Sequence[object]) -> str:
    return "\n".join(
        bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
        for value in row
    )
