"""Data keys over a real channel: rotating them, encrypting anew in the background, and users found all the while."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf import duration_pb2, struct_pb2

from function.auth.v1 import (
    data_key_pb2,
    data_key_service_pb2,
    data_key_service_pb2_grpc,
    user_events_pb2,
    user_pb2,
    user_service_pb2_grpc,
)
from function.auth.v1 import user_service_pb2 as wire
from function.events.v1 import event_service_pb2, event_service_pb2_grpc
from function_backend.events.payload_place import EventPayloads
from function_backend.events.recording import EventRecorder
from function_backend.events.sealed_payload import is_sealed
from function_backend.kernel.sealing import Resealed, SealedPlace, SealedPlaces
from function_backend.kernel.secret import Secret
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.repository.sealed import SEALED_PLACES
from function_backend.vault.core_places import CORE_PLACES
from function_backend.vault.masking import masked_payload
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.resealing import DROPPED_AFTER, Resealing
from function_backend.vault.vault import Vault
from tests.factories.keys import SetClock
from tests.fixtures import postgres
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import NewTenant, make_child_tenant, make_key
from tests.fixtures.refusals import reason_of
from tests.fixtures.server import MASTER_KEY, RunningServer

_SECONDS = 60
_OLD_ROW_SQL = """
    insert into auth_user (
        tenant_id, id, version, user_name, user_name_key, email, email_key, display_name, state, attributes, labels,
        created_at, updated_at
    )
    values (%(tenant)s, %(id)s, 1, %(name)s, %(name)s, %(email)s, %(email)s, 'Ann Old', 'active', '{"shoe": 44}', '{}',
        now(), now())
"""
_TO_BE_SEALED_SQL = """
    insert into resealing (tenant_id, started_at, updated_at) values (%s, now(), now())
    on conflict (tenant_id) do update set finished_at = null, dropped_at = null, place = '', after = null
"""
_POSTPONED_SQL = "update resealing set finished_at = null, retry_at = '2100-01-01' where tenant_id = %s"
_SEALED_EVENTS_SQL = "select payload from event where tenant_id = %s"
_SEALED_SQL = """
    select sealed_user_name, sealed_email, sealed_display_name, sealed_attributes from auth_user where tenant_id = %s
"""


class _Scene:
    """A tenant, its users, and background work that is done when the test says so."""

    def __init__(self, server: RunningServer, tenant: NewTenant, transactions: Transactions) -> None:
        self.server = server
        self.tenant_id = UUID(tenant.tenant.id)
        self.key = tenant.key
        self.clock = SetClock()
        places = SealedPlaces([*CORE_PLACES, EventPayloads(masked_payload), *SEALED_PLACES])
        self.resealing = Resealing(transactions, places, self.clock)
        self.users = user_service_pb2_grpc.UserServiceStub(server.channel)
        self._keys = data_key_service_pb2_grpc.DataKeyServiceStub(server.channel)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return self.server.metadata(self.key)

    def create(self, **fields: object) -> user_pb2.User:
        user = user_pb2.User(**{"user_name": f"u{secrets.token_hex(6)}", **fields})  # type: ignore[arg-type]
        return self.users.CreateUser(wire.CreateUserRequest(user=user), metadata=self.metadata, timeout=_SECONDS).user

    def found(self, **fields: object) -> list[str]:
        request = wire.ListUsersRequest(**fields)  # type: ignore[arg-type]
        return [user.id for user in self.users.ListUsers(request, metadata=self.metadata, timeout=_SECONDS).users]

    def get(self, user_id: str) -> user_pb2.User:
        request = wire.GetUserRequest(id=user_id)
        return self.users.GetUser(request, metadata=self.metadata, timeout=_SECONDS).user

    def rotate(self, **fields: object) -> data_key_pb2.DataKey:
        return self.rotation(**fields).data_key

    def rotation(self, **fields: object) -> data_key_service_pb2.RotateDataKeyResponse:
        request = data_key_service_pb2.RotateDataKeyRequest(**fields)  # type: ignore[arg-type]
        return self._keys.RotateDataKey(request, metadata=self.metadata, timeout=_SECONDS)

    def operation(self, method: str, *, key: str | None = None, **fields: Any) -> operations_pb2.Operation:  # noqa: ANN401
        request = getattr(operations_pb2, f"{method}Request")(**fields)
        stub: Any = operations_pb2_grpc.OperationsStub(self.server.channel)
        found: operations_pb2.Operation = getattr(stub, method)(
            request, metadata=self.server.metadata(key or self.key), timeout=_SECONDS
        )
        return found

    def data_key(self) -> data_key_pb2.DataKey:
        request = data_key_service_pb2.GetDataKeyRequest()
        return self._keys.GetDataKey(request, metadata=self.metadata, timeout=_SECONDS).data_key

    def old_user(self, name: str, email: str) -> str:
        """As the release before has stored it."""
        user_id = uuid4()
        values = {"tenant": self.tenant_id, "id": user_id, "name": name, "email": email}
        self.sql(_OLD_ROW_SQL, values)
        return str(user_id)

    def seal_everything(self) -> None:
        """Goes through all places, here or in the server, whoever is faster."""
        eventually(lambda: self.resealing.run_once() < 0 or self.data_key().resealing.HasField("finish_time") or None)

    def sql(
        self, statement: LiteralString, values: Sequence[object] | Mapping[str, object]
    ) -> list[tuple[object, ...]]:
        with psycopg.connect(self.server.database.superuser_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def sealed_by(self) -> set[str]:
        """The ids of the keys under which values of the users are sealed."""
        rows = self.sql(_SEALED_SQL, (self.tenant_id,))
        return {str(UUID(bytes=bytes(text)[1:17])) for row in rows for text in row if isinstance(text, bytes)}


@pytest.fixture(scope="module")
def transactions(database: postgres.Database) -> Iterator[Transactions]:
    clock = SetClock()
    vault = Vault(MasterKeys.parse([Secret(MASTER_KEY)]), clock)
    opened = Database(DatabaseSettings(url=database.app_url))
    yield Transactions(opened, EventRecorder(clock), ciphers=vault.fields)
    opened.dispose()


@pytest.fixture
def scene(server: RunningServer, transactions: Transactions) -> _Scene:
    return _Scene(server, make_child_tenant(server), transactions)


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return reason_of(refused.value)[0]


class TestRotating:
    def test_everything_is_encrypted_anew_and_read_all_the_while(self, scene: _Scene) -> None:
        attributes = struct_pb2.Struct()
        attributes.update({"shoe": 44})
        users = [
            scene.create(email=f"a{number}@example.com", display_name=f"Ann {number}", attributes=attributes)
            for number in range(5)
        ]
        first = scene.data_key()
        second = scene.rotate()
        assert (first.generation, second.generation) == (1, 2)
        assert first.id != second.id
        assert [scene.get(user.id) for user in users] == users
        scene.seal_everything()
        assert scene.sealed_by() == {second.id}
        assert [scene.get(user.id) for user in users] == users
        assert scene.found(email="A3@example.com") == [users[3].id]
        state = scene.data_key().resealing
        assert (state.fault_count, state.table) == (0, "")
        assert state.resealed_count >= 5

    def test_the_key_before_is_dropped_when_nothing_can_be_under_it(self, scene: _Scene) -> None:
        user = scene.create(email="ann@example.com")
        scene.rotate()
        scene.seal_everything()
        assert scene.data_key().key_count == 2
        scene.resealing.run_once()
        assert scene.data_key().key_count == 2
        scene.clock.forward(DROPPED_AFTER + timedelta(minutes=1))
        scene.resealing.run_once()
        after = scene.data_key()
        assert (after.key_count, after.generation) == (1, 2)
        assert after.resealing.HasField("drop_time")
        assert scene.get(user.id) == user
        assert scene.found(user_name=user.user_name.upper()) == [user.id]

    def test_what_is_written_after_it_is_under_the_new_key(self, scene: _Scene) -> None:
        scene.create()
        new = scene.rotate()
        before = scene.sealed_by()
        scene.create()
        assert scene.sealed_by() - before <= {new.id}

    def test_a_second_one_waits_for_the_first(self, scene: _Scene) -> None:
        scene.create()
        scene.rotate()
        scene.seal_everything()
        scene.sql(_POSTPONED_SQL, (scene.tenant_id,))
        assert _refused(scene.rotate) == "DATA_KEY_ROTATION_RUNNING"

    def test_a_tenant_that_encrypted_nothing_has_no_key_yet(self, scene: _Scene) -> None:
        assert _refused(scene.data_key) == "DATA_KEY_NOT_FOUND"
        assert scene.rotate().generation == 1

    def test_another_tenant_is_not_there(self, scene: _Scene, server: RunningServer) -> None:
        other = make_child_tenant(server)
        assert _refused(lambda: scene.rotate(tenant_id=other.tenant.id)) == "TENANT_NOT_FOUND"

    def test_users_made_while_it_goes_on_are_all_there_afterwards(self, scene: _Scene) -> None:
        scene.create()
        with ThreadPoolExecutor(3) as pool:
            made = [pool.submit(scene.create, email=f"w{number}@example.com") for number in range(30)]
            scene.rotate()
            scene.seal_everything()
            users = [each.result() for each in made]
        assert [scene.get(user.id) for user in users] == users
        assert scene.sealed_by() == {scene.data_key().id}


class TestTheJob:
    def test_the_operation_is_over_when_everything_is_under_the_new_key(self, scene: _Scene) -> None:
        users = [scene.create() for _ in range(5)]
        made = scene.rotation()
        waited = duration_pb2.Duration(seconds=_SECONDS - 1)
        over = scene.operation("WaitOperation", name=made.operation, timeout=waited)
        assert over.done
        assert not over.HasField("error")
        assert scene.data_key().resealing.HasField("finish_time")
        assert scene.sealed_by() == {made.data_key.id}
        assert [scene.get(user.id) for user in users] == users

    def test_whoever_rotates_the_key_of_a_tenant_below_watches_it_in_its_own(
        self, scene: _Scene, server: RunningServer
    ) -> None:
        below = make_child_tenant(server, by=scene.key)
        made = scene.rotation(tenant_id=below.tenant.id)
        waited = duration_pb2.Duration(seconds=_SECONDS - 1)
        assert scene.operation("WaitOperation", name=made.operation, timeout=waited).done
        assert _refused(lambda: scene.operation("GetOperation", key=below.key, name=made.operation)) == "JOB_NOT_FOUND"

    def test_who_may_not_see_data_keys_does_not_see_it(self, scene: _Scene, server: RunningServer) -> None:
        made = scene.rotation()
        key = make_key(server, "jobs.read", by=scene.key)
        assert _refused(lambda: scene.operation("GetOperation", key=key, name=made.operation)) == "JOB_NOT_FOUND"

    def test_events_are_sealed_anew_with_the_rest_and_open_as_before(self, scene: _Scene) -> None:
        user = scene.create(email="ann@example.com")
        made = scene.rotation()
        waited = duration_pb2.Duration(seconds=_SECONDS - 1)
        assert scene.operation("WaitOperation", name=made.operation, timeout=waited).done
        rows = scene.sql(_SEALED_EVENTS_SQL, (scene.tenant_id,))
        payloads = [payload for (payload,) in rows if isinstance(payload, bytes) and is_sealed(payload)]
        assert payloads
        assert all(UUID(made.data_key.id).bytes in payload for payload in payloads)
        request = event_service_pb2.ListEventsRequest(
            filter=event_service_pb2.EventFilter(types=["function.auth.v1.UserCreated"])
        )
        stub = event_service_pb2_grpc.EventServiceStub(scene.server.channel)
        [placed] = stub.ListEvents(request, metadata=scene.metadata, timeout=_SECONDS).events
        data = user_events_pb2.UserCreated()
        assert placed.event.proto_data.Unpack(data)
        assert data.user.email == user.email


class TestRowsOfTheReleaseBefore:
    def test_they_are_read_and_found_before_and_after_they_are_encrypted(self, scene: _Scene) -> None:
        name = f"old{secrets.token_hex(4)}"
        old = scene.old_user(name, f"{name}@example.com")
        new = scene.create(email="new@example.com")
        before = scene.get(old)
        assert (before.user_name, before.display_name, before.attributes["shoe"]) == (name, "Ann Old", 44)
        for _ in range(2):
            assert scene.get(old) == before
            assert scene.found(email=f"{name.upper()}@EXAMPLE.com") == [old]
            assert scene.found(user_name=name.upper()) == [old]
            assert scene.found(user_name_prefix="OLD") == [old]
            assert scene.found(email="new@example.com") == [new.id]
            scene.sql(_TO_BE_SEALED_SQL, (scene.tenant_id,))
            scene.seal_everything()
        stored = str(scene.sql("select * from auth_user where tenant_id = %s", (scene.tenant_id,)))
        assert name not in stored
        assert "Ann Old" not in stored

    def test_their_names_are_taken(self, scene: _Scene) -> None:
        name = f"old{secrets.token_hex(4)}"
        scene.old_user(name, f"{name}@example.com")
        assert _refused(lambda: scene.create(user_name=name.upper())) == "USER_NAME_TAKEN"
        assert _refused(lambda: scene.create(email=f"{name}@example.com")) == "USER_EMAIL_TAKEN"
        scene.sql(_TO_BE_SEALED_SQL, (scene.tenant_id,))
        scene.create()
        scene.seal_everything()
        assert _refused(lambda: scene.create(user_name=name.upper())) == "USER_NAME_TAKEN"
        assert _refused(lambda: scene.create(email=f"{name}@example.com")) == "USER_EMAIL_TAKEN"

    def test_a_name_that_two_rows_have_is_counted_as_a_fault_and_nothing_is_lost(self, scene: _Scene) -> None:
        made = scene.create()
        twin = scene.old_user(made.user_name, "twin@example.com")
        scene.sql(_TO_BE_SEALED_SQL, (scene.tenant_id,))
        scene.seal_everything()
        assert scene.data_key().resealing.fault_count == 1
        assert scene.get(twin).user_name == made.user_name


class _Flaky:
    """A place at which every second batch is lost after it was done, as if the process had been killed."""

    def __init__(self, place: SealedPlace) -> None:
        self._place = place
        self._batches = itertools.count(1)

    @property
    def name(self) -> str:
        return self._place.name

    @property
    def sealed_columns(self) -> tuple[str, ...]:
        return self._place.sealed_columns

    def reseal(self, work: UnitOfWork, after: str | None, *, limit: int) -> Resealed:
        done = self._place.reseal(work, after, limit=limit)
        if next(self._batches) % 2:
            raise ConnectionError("killed")
        return done


class TestInterruption:
    def test_lost_batches_are_done_again_by_whoever_comes_and_counted_once(
        self, scene: _Scene, transactions: Transactions
    ) -> None:
        old = [scene.old_user(f"k{number}-{secrets.token_hex(4)}", f"k{number}@example.com") for number in range(450)]
        scene.create()
        scene.sql(_TO_BE_SEALED_SQL, (scene.tenant_id,))
        places = SealedPlaces([_Flaky(place) for place in (*CORE_PLACES, *SEALED_PLACES)])
        several = [Resealing(transactions, places, scene.clock) for _ in range(3)]

        def go_on(resealing: Resealing) -> bool:
            resealing.run_once()
            scene.clock.forward(timedelta(minutes=2))
            return scene.data_key().resealing.HasField("finish_time")

        with ThreadPoolExecutor(3) as pool:
            eventually(lambda: any(pool.map(go_on, several)) or None)
        state = scene.data_key().resealing
        assert (state.resealed_count, state.fault_count) == (450, 0)
        assert scene.get(old[17]).email == "k17@example.com"
        assert scene.found(email="K449@example.com") == [old[449]]
        assert scene.sealed_by() == {scene.data_key().id}


class TestSearching:
    def test_a_beginning_finds_names_page_by_page(self, scene: _Scene) -> None:
        made = sorted(scene.create(user_name=f"pre{number:02}{secrets.token_hex(2)}").id for number in range(7))
        for _ in range(3):
            scene.create(user_name=f"other{secrets.token_hex(3)}")
        found, token = [], ""
        while True:
            request = wire.ListUsersRequest(user_name_prefix="PRE", page_size=3, page_token=token)
            page = scene.users.ListUsers(request, metadata=scene.metadata, timeout=_SECONDS)
            assert len(page.users) <= 3
            found += [user.id for user in page.users]
            token = page.next_page_token
            if not token:
                break
        assert found == made
