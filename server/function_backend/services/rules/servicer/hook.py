"""Hooks over gRPC."""

from __future__ import annotations

from function.rules.v1 import hook_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.rules.convert import hook as convert
from function_backend.services.rules.service.hooks import Hooks


class HookServicer:
    """`function.rules.v1.HookService`."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def CreateHook(self, request: wire.CreateHookRequest, context: Call) -> wire.CreateHookResponse:
        return wire.CreateHookResponse(hook=convert.hook(self._hooks.create(convert.hook_wish(request))))

    def GetHook(self, request: wire.GetHookRequest, context: Call) -> wire.GetHookResponse:
        return wire.GetHookResponse(hook=convert.hook(self._hooks.get(request.name)))

    def ListHooks(self, request: wire.ListHooksRequest, context: Call) -> wire.ListHooksResponse:
        found, token = self._hooks.list_page(
            request.definition, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListHooksResponse(hooks=map(convert.hook, found), next_page_token=token)

    def UpdateHook(self, request: wire.UpdateHookRequest, context: Call) -> wire.UpdateHookResponse:
        changed = self._hooks.update(request.name, convert.hook_change(request), etag=request.etag)
        return wire.UpdateHookResponse(hook=convert.hook(changed))

    def DeleteHook(self, request: wire.DeleteHookRequest, context: Call) -> wire.DeleteHookResponse:
        return wire.DeleteHookResponse(hook=convert.hook(self._hooks.delete(request.name, etag=request.etag)))
