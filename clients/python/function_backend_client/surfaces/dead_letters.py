"""Events that were set aside, for each consumer that could not handle them: seen, tried again, and given up.

Written by make generate.
"""

from __future__ import annotations

from function.events.v1 import dead_letter_pb2, dead_letter_service_pb2, dead_letter_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class DeadLetters:
    """Events that were set aside, for each consumer that could not handle them: seen, tried again, and given up.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: dead_letter_service_pb2_grpc.DeadLetterServiceStub) -> None:
        self._stub = stub

    def get(
        self,
        dead_letter_id: str,
        *,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Returns a dead letter."""
        request = dead_letter_service_pb2.GetDeadLetterRequest(id=dead_letter_id)
        return self._stub.GetDeadLetter(request, timeout=timeout).dead_letter

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        consumer: str = "",
        event_type: str = "",
        timeout: float | None = None,
    ) -> Pager[dead_letter_pb2.DeadLetter]:
        """Returns the dead letters, the latest first, page by page."""
        request = dead_letter_service_pb2.ListDeadLettersRequest(
            page_size=page_size, page_token=page_token, consumer=consumer, event_type=event_type
        )

        def fetch(token: str) -> Page[dead_letter_pb2.DeadLetter]:
            response = self._stub.ListDeadLetters(requests.at_page(request, token), timeout=timeout)
            return Page(response.dead_letters, response.next_page_token)

        return Pager(fetch, page_token)

    def resend(
        self,
        dead_letter_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Has the consumer try the event again.

        It comes after events of its resource that were handled meanwhile: that it was set aside cannot be undone. The
        dead letter is gone once the consumer has handled the event; when that fails again, it stays, with the new
        failure.
        """
        request = dead_letter_service_pb2.ResendDeadLetterRequest(
            id=dead_letter_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ResendDeadLetter(request, timeout=timeout).dead_letter

    def discard(
        self,
        dead_letter_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Gives the event up for this consumer."""
        request = dead_letter_service_pb2.DiscardDeadLetterRequest(
            id=dead_letter_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DiscardDeadLetter(request, timeout=timeout).dead_letter


class AsyncDeadLetters:
    """As `DeadLetters`, with `await`."""

    def __init__(self, stub: dead_letter_service_pb2_grpc.DeadLetterServiceAsyncStub) -> None:
        self._stub = stub

    async def get(
        self,
        dead_letter_id: str,
        *,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Returns a dead letter."""
        request = dead_letter_service_pb2.GetDeadLetterRequest(id=dead_letter_id)
        return (await self._stub.GetDeadLetter(request, timeout=timeout)).dead_letter

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        consumer: str = "",
        event_type: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[dead_letter_pb2.DeadLetter]:
        """Returns the dead letters, the latest first, page by page."""
        request = dead_letter_service_pb2.ListDeadLettersRequest(
            page_size=page_size, page_token=page_token, consumer=consumer, event_type=event_type
        )

        async def fetch(token: str) -> Page[dead_letter_pb2.DeadLetter]:
            response = await self._stub.ListDeadLetters(requests.at_page(request, token), timeout=timeout)
            return Page(response.dead_letters, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def resend(
        self,
        dead_letter_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Has the consumer try the event again.

        It comes after events of its resource that were handled meanwhile: that it was set aside cannot be undone. The
        dead letter is gone once the consumer has handled the event; when that fails again, it stays, with the new
        failure.
        """
        request = dead_letter_service_pb2.ResendDeadLetterRequest(
            id=dead_letter_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.ResendDeadLetter(request, timeout=timeout)).dead_letter

    async def discard(
        self,
        dead_letter_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> dead_letter_pb2.DeadLetter:
        """Gives the event up for this consumer."""
        request = dead_letter_service_pb2.DiscardDeadLetterRequest(
            id=dead_letter_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DiscardDeadLetter(request, timeout=timeout)).dead_letter
