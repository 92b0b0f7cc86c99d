"""Dead letters over the wire."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from function.events.v1 import dead_letter_pb2, dead_letter_service_pb2_grpc
from function.events.v1 import dead_letter_service_pb2 as wire
from tests.factories.dead_letters import set_aside
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer
from tests.services.events.feed import SECONDS, FeedCaller


class _Letters:
    """Sees to dead letters with one key."""

    def __init__(self, server: RunningServer, key: str) -> None:
        self.feed = FeedCaller(server, key)
        self._stub = dead_letter_service_pb2_grpc.DeadLetterServiceStub(server.channel)

    def get(self, letter_id: str) -> dead_letter_pb2.DeadLetter:
        request = wire.GetDeadLetterRequest(id=letter_id)
        return self._stub.GetDeadLetter(request, metadata=self.feed.metadata, timeout=SECONDS).dead_letter

    def list(self, page_token: str = "", *, page_size: int = 0, **only: str) -> wire.ListDeadLettersResponse:
        request = wire.ListDeadLettersRequest(page_token=page_token, page_size=page_size, **only)
        return self._stub.ListDeadLetters(request, metadata=self.feed.metadata, timeout=SECONDS)

    def resend(self, letter_id: str, **fields: Any) -> dead_letter_pb2.DeadLetter:  # noqa: ANN401  as the fields of the contract
        request = wire.ResendDeadLetterRequest(id=letter_id, **fields)
        return self._stub.ResendDeadLetter(request, metadata=self.feed.metadata, timeout=SECONDS).dead_letter

    def discard(self, letter_id: str, **fields: Any) -> dead_letter_pb2.DeadLetter:  # noqa: ANN401  as the fields of the contract
        request = wire.DiscardDeadLetterRequest(id=letter_id, **fields)
        return self._stub.DiscardDeadLetter(request, metadata=self.feed.metadata, timeout=SECONDS).dead_letter


@pytest.fixture
def letters(server: RunningServer) -> _Letters:
    """Whoever administers a tenant of the test's own."""
    return _Letters(server, make_tenant(server))


def _an_event(letters: _Letters) -> UUID:
    company = letters.feed.create()
    (placed,) = letters.feed.list(filter={"subject_ids": [company]}).events
    return UUID(placed.event.id)


class TestSeeing:
    def test_a_dead_letter_says_what_could_not_be_handled_and_why(
        self, server: RunningServer, letters: _Letters
    ) -> None:
        event_id = _an_event(letters)
        found = letters.get(set_aside(server, event_id))
        assert (found.consumer, found.event_id, found.attempts) == ("sink-test", str(event_id), 3)
        assert (found.event_type, found.subject_type) == ("function.company.v1.CompanyCreated", "company")
        assert found.failure == "ValueError: it cannot be handled"
        assert found.HasField("set_aside_time")
        assert not found.HasField("resend_time")

    def test_they_are_listed_the_latest_first_page_by_page(self, server: RunningServer, letters: _Letters) -> None:
        made = [set_aside(server, _an_event(letters), consumer=f"sink-{number % 2}") for number in range(5)]
        token, seen = "", []
        while True:
            page = letters.list(token, page_size=2)
            seen += [each.id for each in page.dead_letters]
            token = page.next_page_token
            if not token:
                break
        assert seen == made[::-1]
        assert [each.id for each in letters.list(consumer="sink-1").dead_letters] == [made[3], made[1]]
        assert not letters.list(event_type="function.company.v1.CompanyDeleted").dead_letters

    def test_those_of_another_tenant_are_not_there(self, server: RunningServer, letters: _Letters) -> None:
        other = _Letters(server, make_tenant(server))
        letter = set_aside(server, _an_event(letters))
        assert not other.list().dead_letters
        for method in (other.get, other.resend, other.discard):
            with pytest.raises(grpc.RpcError) as refused:
                method(letter)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert letters.get(letter).attempts == 3


class TestDeciding:
    def test_one_that_is_resent_is_marked_and_told_of(self, server: RunningServer, letters: _Letters) -> None:
        letter = set_aside(server, _an_event(letters))
        assert letters.resend(letter).HasField("resend_time")
        assert letters.get(letter).HasField("resend_time")
        (told,) = letters.feed.list(filter={"types": ["function.events.v1.DeadLetterResent"]}).events
        assert told.event.attributes["subject"].ce_string == f"dead_letter/{letter}"

    def test_one_that_is_given_up_is_gone(self, server: RunningServer, letters: _Letters) -> None:
        letter = set_aside(server, _an_event(letters))
        letters.discard(letter, validate_only=True)
        assert letters.discard(letter).id == letter
        with pytest.raises(grpc.RpcError) as gone:
            letters.get(letter)
        assert gone.value.code() is grpc.StatusCode.NOT_FOUND

    def test_a_repeated_request_changes_nothing_more(self, server: RunningServer, letters: _Letters) -> None:
        letter, request_id = set_aside(server, _an_event(letters)), str(uuid4())
        first = letters.resend(letter, request_id=request_id)
        assert letters.resend(letter, request_id=request_id) == first
        assert len(letters.feed.list(filter={"types": ["function.events.v1.DeadLetterResent"]}).events) == 1

    def test_whoever_may_only_look_decides_nothing(self, server: RunningServer, letters: _Letters) -> None:
        looking = _Letters(server, make_key(server, "events.deadletters.read"))
        with pytest.raises(grpc.RpcError) as refused:
            looking.discard(str(uuid4()))
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
