"""API keys over gRPC."""

from __future__ import annotations

from function.auth.v1 import api_key_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.api_key import api_key, key_wish
from function_backend.services.auth.service.api_keys import ApiKeyService


class ApiKeyServicer:
    """`function.auth.v1.ApiKeyService`."""

    def __init__(self, service: ApiKeyService) -> None:
        self._service = service

    def CreateApiKey(
        self, request: api_key_service_pb2.CreateApiKeyRequest, context: Call
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        made = self._service.create(key_wish(request))
        return api_key_service_pb2.CreateApiKeyResponse(api_key=api_key(made.api_key), secret=made.secret)

    def GetApiKey(
        self, request: api_key_service_pb2.GetApiKeyRequest, context: Call
    ) -> api_key_service_pb2.GetApiKeyResponse:
        found = self._service.get(parse_id(request.id))
        return api_key_service_pb2.GetApiKeyResponse(api_key=api_key(found))

    def ListApiKeys(
        self, request: api_key_service_pb2.ListApiKeysRequest, context: Call
    ) -> api_key_service_pb2.ListApiKeysResponse:
        page, token = self._service.list(request.page_size, request.page_token, show_revoked=request.show_revoked)
        return api_key_service_pb2.ListApiKeysResponse(api_keys=map(api_key, page.items), next_page_token=token)

    def RevokeApiKey(
        self, request: api_key_service_pb2.RevokeApiKeyRequest, context: Call
    ) -> api_key_service_pb2.RevokeApiKeyResponse:
        found = self._service.revoke(parse_id(request.id))
        return api_key_service_pb2.RevokeApiKeyResponse(api_key=api_key(found))
