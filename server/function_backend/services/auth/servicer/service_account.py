"""Service accounts over gRPC."""

from __future__ import annotations

from function.auth.v1 import service_account_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.service_account import (
    service_account,
    service_account_card,
    service_account_states,
)
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.service.service_accounts import ServiceAccounts


class ServiceAccountServicer:
    """`function.auth.v1.ServiceAccountService`."""

    def __init__(self, service: ServiceAccounts) -> None:
        self._service = service

    def CreateServiceAccount(
        self, request: wire.CreateServiceAccountRequest, call: Call
    ) -> wire.CreateServiceAccountResponse:
        made = self._service.create(service_account_card(request.service_account), Checks())
        return wire.CreateServiceAccountResponse(service_account=service_account(made))

    def GetServiceAccount(self, request: wire.GetServiceAccountRequest, call: Call) -> wire.GetServiceAccountResponse:
        found = self._service.get(parse_id(request.id))
        return wire.GetServiceAccountResponse(service_account=service_account(found))

    def ListServiceAccounts(
        self, request: wire.ListServiceAccountsRequest, call: Call
    ) -> wire.ListServiceAccountsResponse:
        page, token = self._service.list(
            request.page_size, request.page_token, states=service_account_states(request.states)
        )
        return wire.ListServiceAccountsResponse(
            service_accounts=map(service_account, page.items), next_page_token=token
        )

    def UpdateServiceAccount(
        self, request: wire.UpdateServiceAccountRequest, call: Call
    ) -> wire.UpdateServiceAccountResponse:
        changed = self._service.update(
            parse_id(request.service_account.id),
            service_account_card(request.service_account),
            Checks(),
            mask=request.update_mask.paths,
            etag=request.service_account.etag,
        )
        return wire.UpdateServiceAccountResponse(service_account=service_account(changed))

    def DeleteServiceAccount(
        self, request: wire.DeleteServiceAccountRequest, call: Call
    ) -> wire.DeleteServiceAccountResponse:
        gone = self._service.delete(parse_id(request.id), etag=request.etag)
        return wire.DeleteServiceAccountResponse(service_account=service_account(gone))

    def DisableServiceAccount(
        self, request: wire.DisableServiceAccountRequest, call: Call
    ) -> wire.DisableServiceAccountResponse:
        changed = self._service.disable(parse_id(request.id), etag=request.etag)
        return wire.DisableServiceAccountResponse(service_account=service_account(changed))

    def EnableServiceAccount(
        self, request: wire.EnableServiceAccountRequest, call: Call
    ) -> wire.EnableServiceAccountResponse:
        changed = self._service.enable(parse_id(request.id), etag=request.etag)
        return wire.EnableServiceAccountResponse(service_account=service_account(changed))
