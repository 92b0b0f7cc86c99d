"""Rollouts over gRPC."""

from __future__ import annotations

from function.rules.v1 import rollout_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.rules.convert import rollout as convert
from function_backend.services.rules.convert.definition import publication
from function_backend.services.rules.service.rollouts import Rollouts
from function_backend.timestamps import read_optional_moment


class RolloutServicer:
    """`function.rules.v1.RolloutService`."""

    def __init__(self, rollouts: Rollouts) -> None:
        self._do = rollouts

    def SetRollout(self, request: wire.SetRolloutRequest, context: Call) -> wire.SetRolloutResponse:
        return wire.SetRolloutResponse(rollout=convert.rollout(self._do.set(request.name, convert.wanted(request))))

    def GetRollout(self, request: wire.GetRolloutRequest, context: Call) -> wire.GetRolloutResponse:
        return wire.GetRolloutResponse(rollout=convert.rollout(self._do.get(request.name)))

    def EndRollout(self, request: wire.EndRolloutRequest, context: Call) -> wire.EndRolloutResponse:
        ended, made = self._do.end(request.name, convert.end(request), comment=request.comment)
        return wire.EndRolloutResponse(
            rollout=convert.rollout(ended), publication=None if made is None else publication(made)
        )

    def GetRolloutComparison(
        self, request: wire.GetRolloutComparisonRequest, context: Call
    ) -> wire.GetRolloutComparisonResponse:
        found = self._do.comparison(
            request.name,
            request.candidate_version,
            decided_from=read_optional_moment(request, "decided_from"),
            decided_until=read_optional_moment(request, "decided_until"),
            max_examples=request.max_examples,
        )
        return convert.comparison(found)
