"""Sessions over gRPC."""

from __future__ import annotations

from function.auth.v1 import session_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.session import session
from function_backend.services.auth.service.sessions import SessionService


class SessionServicer:
    """`function.auth.v1.SessionService`."""

    def __init__(self, service: SessionService) -> None:
        self._service = service

    def GetSession(
        self, request: session_service_pb2.GetSessionRequest, context: Call
    ) -> session_service_pb2.GetSessionResponse:
        found = self._service.get(parse_id(request.id))
        return session_service_pb2.GetSessionResponse(session=session(found, context.principal))

    def ListSessions(
        self, request: session_service_pb2.ListSessionsRequest, context: Call
    ) -> session_service_pb2.ListSessionsResponse:
        page, token = self._service.list_own(request.page_size, request.page_token, show_ended=request.show_ended)
        return session_service_pb2.ListSessionsResponse(
            sessions=[session(found, context.principal) for found in page.items], next_page_token=token
        )

    def RevokeSession(
        self, request: session_service_pb2.RevokeSessionRequest, context: Call
    ) -> session_service_pb2.RevokeSessionResponse:
        ended = self._service.revoke(parse_id(request.id))
        return session_service_pb2.RevokeSessionResponse(session=session(ended, context.principal))

    def RevokeAllSessions(
        self, request: session_service_pb2.RevokeAllSessionsRequest, context: Call
    ) -> session_service_pb2.RevokeAllSessionsResponse:
        count = self._service.revoke_own(except_current=request.except_current)
        return session_service_pb2.RevokeAllSessionsResponse(revoked_count=count)

    def ListUserSessions(
        self, request: session_service_pb2.ListUserSessionsRequest, context: Call
    ) -> session_service_pb2.ListUserSessionsResponse:
        page, token = self._service.list_of_user(
            parse_id(request.user_id), request.page_size, request.page_token, show_ended=request.show_ended
        )
        return session_service_pb2.ListUserSessionsResponse(
            sessions=[session(found, context.principal) for found in page.items], next_page_token=token
        )

    def RevokeUserSessions(
        self, request: session_service_pb2.RevokeUserSessionsRequest, context: Call
    ) -> session_service_pb2.RevokeUserSessionsResponse:
        count = self._service.revoke_of_user(parse_id(request.user_id))
        return session_service_pb2.RevokeUserSessionsResponse(revoked_count=count)
