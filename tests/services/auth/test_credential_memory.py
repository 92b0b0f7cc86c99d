from __future__ import annotations

from uuid import UUID, uuid4

from function_backend.services.auth.adapters.credential_memory import CredentialMemory, Remembered
from function_backend.services.auth.domain.credential import CredentialKind, FoundCredential, Standing
from tests.factories.auth import a_principal


def _remembered(*names: UUID) -> Remembered:
    found = FoundCredential(
        kind=CredentialKind.API_KEY,
        id=uuid4(),
        principal=a_principal(),
        standing=Standing.GOOD,
        names=frozenset(names),
    )
    return Remembered(found, asked_at=0.0)


def _digest(number: int) -> bytes:
    return number.to_bytes(32)


def _memory(size: int = 10) -> CredentialMemory:
    return CredentialMemory(size=size, seconds=60)


def test_what_is_asked_once_is_remembered_with_when_it_was_asked() -> None:
    memory, answer = _memory(), _remembered()
    assert memory.ask(_digest(1), lambda: answer, drop=False) is answer
    assert memory.get(_digest(1)) is answer
    assert answer.asked_at > 0


def test_forgetting_a_name_drops_all_that_depend_on_it_and_nothing_else() -> None:
    memory, tenant, key = _memory(), uuid4(), uuid4()
    memory.ask(_digest(1), lambda: _remembered(tenant, key), drop=False)
    memory.ask(_digest(2), lambda: _remembered(tenant), drop=False)
    memory.ask(_digest(3), lambda: _remembered(uuid4()), drop=False)
    memory.forget(key)
    assert [memory.get(_digest(number)) is None for number in (1, 2, 3)] == [True, False, False]
    memory.forget(tenant)
    assert [memory.get(_digest(number)) is None for number in (1, 2, 3)] == [True, True, False]
    memory.forget(uuid4())


def test_a_revocation_heard_during_the_question_is_not_hidden_by_the_answer() -> None:
    memory, key = _memory(), uuid4()

    def ask() -> Remembered:
        # The database has answered; before the answer is kept, somebody revokes.
        memory.forget(key)
        return _remembered(key)

    memory.ask(_digest(1), ask, drop=False)
    assert memory.get(_digest(1)) is None


def test_everything_dropped_during_the_question_stays_dropped() -> None:
    memory = _memory()

    def ask() -> Remembered:
        memory.clear()
        return _remembered()

    memory.ask(_digest(1), ask, drop=False)
    assert memory.get(_digest(1)) is None


def test_the_index_stays_bounded_while_credentials_come_and_go() -> None:
    memory, tenant = _memory(size=5), uuid4()
    for number in range(5000):
        memory.ask(_digest(number), lambda: _remembered(tenant, uuid4(), uuid4()), drop=False)
    assert sum(map(len, memory._index.values())) <= memory._most_names + 3
    memory.forget(tenant)
    assert all(memory.get(_digest(number)) is None for number in range(4990, 5000))
