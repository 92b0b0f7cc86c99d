"""The sessions of people.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import session_pb2, session_service_pb2, session_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Sessions:
    """The sessions of people.

    They begin at the token endpoint (`OAuthService.Token`). Every method raises FunctionBackendError where the service
    refuses.
    """

    def __init__(self, stub: session_service_pb2_grpc.SessionServiceStub) -> None:
        self._stub = stub

    def get(
        self,
        session_id: str,
        *,
        timeout: float | None = None,
    ) -> session_pb2.Session:
        """Returns a session: one of the caller's own, or any of the tenant for callers that hold ….

        … `auth.user_session.read`.
        """
        request = session_service_pb2.GetSessionRequest(id=session_id)
        return self._stub.GetSession(request, timeout=timeout).session

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> Pager[session_pb2.Session]:
        """Returns the caller's own sessions in order of id, page by page; none for callers that are not people."""
        request = session_service_pb2.ListSessionsRequest(
            page_size=page_size, page_token=page_token, show_ended=show_ended
        )

        def fetch(token: str) -> Page[session_pb2.Session]:
            response = self._stub.ListSessions(requests.at_page(request, token), timeout=timeout)
            return Page(response.sessions, response.next_page_token)

        return Pager(fetch, page_token)

    def revoke(
        self,
        session_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_pb2.Session:
        """Ends a session: one of the caller's own, or any of the tenant for callers that hold ….

        … `auth.user_session.revoke`. Its tokens are refused everywhere within a second. Ending it again changes
        nothing.
        """
        request = session_service_pb2.RevokeSessionRequest(
            id=session_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeSession(request, timeout=timeout).session

    def revoke_all(
        self,
        *,
        except_current: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_service_pb2.RevokeAllSessionsResponse:
        """Ends all sessions of the caller, or all but the one that asks."""
        request = session_service_pb2.RevokeAllSessionsRequest(
            except_current=except_current, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeAllSessions(request, timeout=timeout)

    def list_user(
        self,
        user_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> Pager[session_pb2.Session]:
        """Returns the sessions of a user in order of id, page by page; none for a user that does not exist."""
        request = session_service_pb2.ListUserSessionsRequest(
            user_id=user_id, page_size=page_size, page_token=page_token, show_ended=show_ended
        )

        def fetch(token: str) -> Page[session_pb2.Session]:
            response = self._stub.ListUserSessions(requests.at_page(request, token), timeout=timeout)
            return Page(response.sessions, response.next_page_token)

        return Pager(fetch, page_token)

    def revoke_user(
        self,
        user_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_service_pb2.RevokeUserSessionsResponse:
        """Ends all sessions of a user; ends none for a user that does not exist."""
        request = session_service_pb2.RevokeUserSessionsRequest(
            user_id=user_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeUserSessions(request, timeout=timeout)


class AsyncSessions:
    """As `Sessions`, with `await`."""

    def __init__(self, stub: session_service_pb2_grpc.SessionServiceAsyncStub) -> None:
        self._stub = stub

    async def get(
        self,
        session_id: str,
        *,
        timeout: float | None = None,
    ) -> session_pb2.Session:
        """Returns a session: one of the caller's own, or any of the tenant for callers that hold ….

        … `auth.user_session.read`.
        """
        request = session_service_pb2.GetSessionRequest(id=session_id)
        return (await self._stub.GetSession(request, timeout=timeout)).session

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[session_pb2.Session]:
        """Returns the caller's own sessions in order of id, page by page; none for callers that are not people."""
        request = session_service_pb2.ListSessionsRequest(
            page_size=page_size, page_token=page_token, show_ended=show_ended
        )

        async def fetch(token: str) -> Page[session_pb2.Session]:
            response = await self._stub.ListSessions(requests.at_page(request, token), timeout=timeout)
            return Page(response.sessions, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def revoke(
        self,
        session_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_pb2.Session:
        """Ends a session: one of the caller's own, or any of the tenant for callers that hold ….

        … `auth.user_session.revoke`. Its tokens are refused everywhere within a second. Ending it again changes
        nothing.
        """
        request = session_service_pb2.RevokeSessionRequest(
            id=session_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RevokeSession(request, timeout=timeout)).session

    async def revoke_all(
        self,
        *,
        except_current: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_service_pb2.RevokeAllSessionsResponse:
        """Ends all sessions of the caller, or all but the one that asks."""
        request = session_service_pb2.RevokeAllSessionsRequest(
            except_current=except_current, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RevokeAllSessions(request, timeout=timeout)

    def list_user(
        self,
        user_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_ended: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[session_pb2.Session]:
        """Returns the sessions of a user in order of id, page by page; none for a user that does not exist."""
        request = session_service_pb2.ListUserSessionsRequest(
            user_id=user_id, page_size=page_size, page_token=page_token, show_ended=show_ended
        )

        async def fetch(token: str) -> Page[session_pb2.Session]:
            response = await self._stub.ListUserSessions(requests.at_page(request, token), timeout=timeout)
            return Page(response.sessions, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def revoke_user(
        self,
        user_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> session_service_pb2.RevokeUserSessionsResponse:
        """Ends all sessions of a user; ends none for a user that does not exist."""
        request = session_service_pb2.RevokeUserSessionsRequest(
            user_id=user_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RevokeUserSessions(request, timeout=timeout)
