"""API keys over gRPC."""

from __future__ import annotations

from dataclasses import dataclass

from function.auth.v1 import api_key_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.api_key import (
    api_key,
    foreign_key,
    import_outcome,
    key_owner,
    key_values,
    key_wish,
    overlap,
    seen_key,
)
from function_backend.services.auth.domain.api_key import KeyOwner
from function_backend.services.auth.service.api_key_changes import ApiKeyChanges
from function_backend.services.auth.service.api_key_import import ApiKeyImport
from function_backend.services.auth.service.api_keys import ApiKeyService


@dataclass(frozen=True, slots=True)
class ApiKeyServicer:
    """`function.auth.v1.ApiKeyService`."""

    service: ApiKeyService
    changes: ApiKeyChanges
    imports: ApiKeyImport

    def CreateApiKey(
        self, request: api_key_service_pb2.CreateApiKeyRequest, context: Call
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        made = self.service.create(key_wish(request))
        return api_key_service_pb2.CreateApiKeyResponse(api_key=api_key(made.api_key), secret=made.secret)

    def GetApiKey(
        self, request: api_key_service_pb2.GetApiKeyRequest, context: Call
    ) -> api_key_service_pb2.GetApiKeyResponse:
        return api_key_service_pb2.GetApiKeyResponse(api_key=seen_key(self.service.get(parse_id(request.id))))

    def ListApiKeys(
        self, request: api_key_service_pb2.ListApiKeysRequest, context: Call
    ) -> api_key_service_pb2.ListApiKeysResponse:
        page, token = self.service.list(
            request.page_size, request.page_token, show_revoked=request.show_revoked, owner=key_owner(request.owner)
        )
        return api_key_service_pb2.ListApiKeysResponse(api_keys=map(seen_key, page.items), next_page_token=token)

    def UpdateApiKey(
        self, request: api_key_service_pb2.UpdateApiKeyRequest, context: Call
    ) -> api_key_service_pb2.UpdateApiKeyResponse:
        change = request.api_key
        changed = self.changes.update(
            parse_id(change.id), key_values(change), mask=list(request.update_mask.paths), etag=change.etag
        )
        return api_key_service_pb2.UpdateApiKeyResponse(api_key=api_key(changed))

    def RerollApiKey(
        self, request: api_key_service_pb2.RerollApiKeyRequest, context: Call
    ) -> api_key_service_pb2.RerollApiKeyResponse:
        made = self.changes.reroll(parse_id(request.id), overlap=overlap(request.overlap), etag=request.etag)
        return api_key_service_pb2.RerollApiKeyResponse(api_key=api_key(made.api_key), secret=made.secret)

    def ImportApiKeys(
        self, request: api_key_service_pb2.ImportApiKeysRequest, context: Call
    ) -> api_key_service_pb2.ImportApiKeysResponse:
        outcomes = self.imports.store([foreign_key(row) for row in request.api_keys])
        return api_key_service_pb2.ImportApiKeysResponse(
            results=map(import_outcome, outcomes),
            imported_count=sum(outcome.api_key is not None for outcome in outcomes),
        )

    def RevokeApiKeysOfOwner(
        self, request: api_key_service_pb2.RevokeApiKeysOfOwnerRequest, context: Call
    ) -> api_key_service_pb2.RevokeApiKeysOfOwnerResponse:
        count = self.service.revoke_all_of(_owner(request.owner))
        return api_key_service_pb2.RevokeApiKeysOfOwnerResponse(revoked_count=count)

    def RevokeApiKey(
        self, request: api_key_service_pb2.RevokeApiKeyRequest, context: Call
    ) -> api_key_service_pb2.RevokeApiKeyResponse:
        revoked = self.service.revoke(parse_id(request.id))
        return api_key_service_pb2.RevokeApiKeyResponse(api_key=api_key(revoked))


def _owner(text: str) -> KeyOwner:
    owner = key_owner(text)
    if owner is None:
        raise RuntimeError("the contract lets no empty owner through")
    return owner
