"""Simulations over gRPC."""

from __future__ import annotations

from uuid import UUID

from function.rules.v1 import simulation_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.rules.convert import simulation as convert
from function_backend.services.rules.service.simulations import Simulations

_WAIT_SECONDS = 10.0


class SimulationServicer:
    """`function.rules.v1.SimulationService`."""

    def __init__(self, simulations: Simulations) -> None:
        self._do = simulations

    def CreateSimulation(self, request: wire.CreateSimulationRequest, context: Call) -> wire.CreateSimulationResponse:
        made = self._do.create(convert.wanted(request), context)
        return wire.CreateSimulationResponse(simulation=convert.simulation(made))

    def GetSimulation(self, request: wire.GetSimulationRequest, context: Call) -> wire.GetSimulationResponse:
        return wire.GetSimulationResponse(simulation=convert.simulation(self._do.get(UUID(request.id))))

    def ListSimulations(self, request: wire.ListSimulationsRequest, context: Call) -> wire.ListSimulationsResponse:
        found, token = self._do.list(request.name, page_size=request.page_size, page_token=request.page_token)
        return wire.ListSimulationsResponse(
            simulations=[convert.simulation(each, with_result=False) for each in found], next_page_token=token
        )

    def CancelSimulation(self, request: wire.CancelSimulationRequest, context: Call) -> wire.CancelSimulationResponse:
        return wire.CancelSimulationResponse(simulation=convert.simulation(self._do.cancel(UUID(request.id))))

    def WaitSimulation(self, request: wire.WaitSimulationRequest, context: Call) -> wire.WaitSimulationResponse:
        seconds = request.timeout.ToTimedelta().total_seconds() if request.HasField("timeout") else _WAIT_SECONDS
        found = self._do.wait(UUID(request.id), context, seconds=seconds)
        return wire.WaitSimulationResponse(simulation=convert.simulation(found))

    def DeleteSimulation(self, request: wire.DeleteSimulationRequest, context: Call) -> wire.DeleteSimulationResponse:
        self._do.delete(UUID(request.id))
        return wire.DeleteSimulationResponse()
