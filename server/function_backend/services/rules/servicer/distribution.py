"""Decisions that callers take themselves, over gRPC."""

from __future__ import annotations

from dataclasses import dataclass

from function.rules.v1 import distribution_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.stream import OpenStream, keeps_no_thread
from function_backend.services.rules.convert import distribution as convert
from function_backend.services.rules.service.following import FollowingPublications
from function_backend.services.rules.service.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionUseCases:
    """What the servicer calls."""

    following: FollowingPublications
    recording: Recording


class DistributionServicer:
    """`function.rules.v1.DistributionService`."""

    def __init__(self, use_cases: DistributionUseCases) -> None:
        self._do = use_cases

    @keeps_no_thread
    def WatchPublished(self, request: wire.WatchPublishedRequest, context: Call, stream: OpenStream) -> None:
        self._do.following.watch(
            context.principal,
            stream,
            followed=convert.followed(request),
            heartbeat=convert.heartbeat(request),
            known=frozenset(request.known),
            write=convert.messages,
        )

    def RecordDecisions(self, request: wire.RecordDecisionsRequest, context: Call) -> wire.RecordDecisionsResponse:
        refused = self._do.recording.record([convert.reported(each) for each in request.decisions])
        return convert.recorded(len(request.decisions), refused)
