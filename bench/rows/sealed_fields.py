"""What it costs to read and write a user whose name, address, display name and attributes are sealed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.search import as_tenant
from bench.service import Service, running
from bench.stage import Stage
from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.secret import Secret
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.repository.user import UserRepository
from function_backend.vault.master_key_text import new_master_key
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault

_ROUNDS = 9
_CALLS = 2_000
_STORED = 1_000
_SEALED, _PLAIN = "sealed", "plain"
_BY_ADDRESS, _BY_PLAIN_ADDRESS = "sealed, by address", "plain, by address"
_COPY_SQL = """
    update auth_user set
        user_name = 'user-' || id, user_name_key = 'user-' || id, email = id || '@example.com',
        email_key = id || '@example.com', display_name = 'Ann of the benchmark',
        attributes = '{"floor": 3, "team": {"name": "core"}}',
        sealed_user_name = null, sealed_email = null, sealed_display_name = null, sealed_attributes = null
    where id = any(%s)
"""


def measure(stage: Stage) -> Measurement:
    """Reads users of which half are stored sealed and half as they are, in turns, by the same repository."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in (_SEALED, _PLAIN, _BY_ADDRESS, _BY_PLAIN_ADDRESS)}
    calls = stage.scaled(_CALLS, least=300)
    with running(stage.folder / "data") as service, ExitStack() as stack:
        stack.enter_context(as_tenant(_tenant(service)))
        database = Database(DatabaseSettings(url=service.database_url(Role.APPLICATION)))
        stack.callback(database.dispose)
        clock = SystemClock()
        vault = Vault(MasterKeys.parse([Secret(new_master_key("bench"))]), clock)
        transactions = Transactions(database, EventRecorder(clock), ciphers=vault.fields)
        sealed, plain = (_store(transactions) for _ in range(2))
        with psycopg.connect(service.database_url()) as connection:
            connection.execute(_COPY_SQL, (plain,))
        by_id, by_address = _by_id(transactions), _by_address(transactions)
        ways = {
            _SEALED: (by_id, sealed),
            _PLAIN: (by_id, plain),
            _BY_ADDRESS: (by_address, sealed),
            _BY_PLAIN_ADDRESS: (by_address, plain),
        }
        for read, ids in ways.values():
            _timed(read, ids, calls)
        for _ in stage.rounds(_ROUNDS):
            for name, (read, ids) in ways.items():
                rounds[name].append(_timed(read, ids, calls))
    return _judge(rounds)


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    cpu = {name: median_of(measured, "cpu_us") for name, measured in rounds.items()}
    figures = [
        Figure(
            name="reading a user with four sealed fields, CPU from the repository to SQL and back",
            value=median_ratio(rounds[_SEALED], rounds[_PLAIN], "cpu_us"),
            unit="×",
            reference="the same read of a user that is stored as it is",
            absolute=f"{cpu[_SEALED]:.0f} to {cpu[_PLAIN]:.0f} µs",
            at_most=1.25,
        ),
        Figure(
            name="finding a user by its e-mail address, through the blind index",
            value=median_ratio(rounds[_BY_ADDRESS], rounds[_BY_PLAIN_ADDRESS], "cpu_us"),
            unit="×",
            reference="the same of a user that is stored as it is",
            absolute=f"{cpu[_BY_ADDRESS]:.0f} to {cpu[_BY_PLAIN_ADDRESS]:.0f} µs",
            note="both ask for both forms, as long as there may be either",
            at_most=1.25,
        ),
    ]
    conditions = {
        "sealed": "user name, e-mail address, display name and attributes, each AES-256-GCM under the tenant's data "
        "key, which the process remembers",
        "plain": "the same columns as the release before stored them",
        "what counts": "processor time of the reading thread; PostgreSQL's own is in neither",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _tenant(service: Service) -> UUID:
    with psycopg.connect(service.database_url()) as connection:
        row = connection.execute("select tenant_id from tenant where name = 'default'").fetchone()
    if row is None:
        raise RuntimeError("there is no tenant")
    found: UUID = row[0]
    return found


def _store(transactions: Transactions) -> list[UUID]:
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(_STORED)]
    with transactions() as work:
        for user_id in ids:
            profile = Profile(
                user_name=f"user-{user_id}",
                email=f"{user_id}@example.com",
                display_name="Ann of the benchmark",
                attributes={"floor": 3, "team": {"name": "core"}, "salt": secrets.token_hex(4)},
            )
            user = User(id=user_id, version=1, profile=profile, state=UserState.ACTIVE, created_at=now, updated_at=now)
            UserRepository(work).add(user)
    return ids


def _by_id(transactions: Transactions) -> Callable[[UUID], User | None]:
    def read(user_id: UUID) -> User | None:
        with transactions.reading() as work:
            return UserRepository(work).find(user_id)

    return read


def _by_address(transactions: Transactions) -> Callable[[UUID], User | None]:
    def read(user_id: UUID) -> User | None:
        with transactions.reading() as work:
            return UserRepository(work).find_by_login(f"{user_id}@example.com")

    return read


def _timed(read: Callable[[UUID], User | None], ids: Sequence[UUID], calls: int) -> dict[str, float]:
    wall, used = time.perf_counter(), time.thread_time()
    for number in range(calls):
        if read(ids[number % len(ids)]) is None:
            raise RuntimeError("a user is missing")
    used, wall = time.thread_time() - used, time.perf_counter() - wall
    return {"calls": calls, "cpu_us": used / calls * 1e6, "latency_us": wall / calls * 1e6}
