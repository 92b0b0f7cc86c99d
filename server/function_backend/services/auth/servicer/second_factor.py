"""Second factors over gRPC."""

from __future__ import annotations

from function.auth.v1 import second_factor_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.user import user
from function_backend.services.auth.service.second_factor import SecondFactors
from function_backend.timestamps import timestamp


class SecondFactorServicer:
    """`function.auth.v1.SecondFactorService`."""

    def __init__(self, service: SecondFactors, clock: Clock) -> None:
        """`clock` tells which locks have ended."""
        self._service = service
        self._clock = clock

    def GetSecondFactor(self, request: wire.GetSecondFactorRequest, call: Call) -> wire.GetSecondFactorResponse:
        status = self._service.status()
        return wire.GetSecondFactorResponse(
            confirmed=status.confirmed_at is not None,
            confirm_time=timestamp(status.confirmed_at),
            recovery_codes_left=status.recovery_codes_left,
        )

    def EnrolTotp(self, request: wire.EnrolTotpRequest, call: Call) -> wire.EnrolTotpResponse:
        enrolment = self._service.enrol()
        return wire.EnrolTotpResponse(secret=enrolment.secret, uri=enrolment.uri)

    def ConfirmTotp(self, request: wire.ConfirmTotpRequest, call: Call) -> wire.ConfirmTotpResponse:
        return wire.ConfirmTotpResponse(recovery_codes=self._service.confirm(request.code))

    def RemoveTotp(self, request: wire.RemoveTotpRequest, call: Call) -> wire.RemoveTotpResponse:
        self._service.remove()
        return wire.RemoveTotpResponse()

    def RegenerateRecoveryCodes(
        self, request: wire.RegenerateRecoveryCodesRequest, call: Call
    ) -> wire.RegenerateRecoveryCodesResponse:
        return wire.RegenerateRecoveryCodesResponse(recovery_codes=self._service.regenerate_codes())

    def RemoveUserTotp(self, request: wire.RemoveUserTotpRequest, call: Call) -> wire.RemoveUserTotpResponse:
        changed = self._service.remove_of(parse_id(request.id))
        return wire.RemoveUserTotpResponse(user=user(changed, now=self._clock.now()))
