"""Time-based one-time passwords (RFC 6238) and recovery codes.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import second_factor_service_pb2, second_factor_service_pb2_grpc, user_pb2
from function_backend_client import requests


class SecondFactor:
    """Time-based one-time passwords (RFC 6238) and recovery codes.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: second_factor_service_pb2_grpc.SecondFactorServiceStub) -> None:
        self._stub = stub

    def get(
        self,
        *,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.GetSecondFactorResponse:
        """Returns what the calling user has set up."""
        request = second_factor_service_pb2.GetSecondFactorRequest()
        return self._stub.GetSecondFactor(request, timeout=timeout)

    def enrol_totp(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.EnrolTotpResponse:
        """Makes a secret for an authenticator app of the calling user.

        It counts only once ConfirmTotp has seen a code of it; until then a new one replaces it.
        """
        request = second_factor_service_pb2.EnrolTotpRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.EnrolTotp(request, timeout=timeout)

    def confirm_totp(
        self,
        code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.ConfirmTotpResponse:
        """Turns the second factor of the calling user on, once a code shows that the app has the secret.

        From then on signing in asks for a code.
        """
        request = second_factor_service_pb2.ConfirmTotpRequest(
            code=code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ConfirmTotp(request, timeout=timeout)

    def remove_totp(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Turns the second factor of the calling user off.

        It asks for a sign-in with the second factor within the last 15 minutes.
        """
        request = second_factor_service_pb2.RemoveTotpRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        self._stub.RemoveTotp(request, timeout=timeout)

    def regenerate_recovery_codes(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.RegenerateRecoveryCodesResponse:
        """Makes ten new recovery codes for the calling user; the earlier ones stop working.

        It asks for a sign-in with the second factor within the last 15 minutes.
        """
        request = second_factor_service_pb2.RegenerateRecoveryCodesRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RegenerateRecoveryCodes(request, timeout=timeout)

    def remove_user_totp(
        self,
        second_factor_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Turns the second factor of another user off, such as one who has lost both the app and the codes.

        The sessions of the user end.
        """
        request = second_factor_service_pb2.RemoveUserTotpRequest(
            id=second_factor_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RemoveUserTotp(request, timeout=timeout).user


class AsyncSecondFactor:
    """As `SecondFactor`, with `await`."""

    def __init__(self, stub: second_factor_service_pb2_grpc.SecondFactorServiceAsyncStub) -> None:
        self._stub = stub

    async def get(
        self,
        *,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.GetSecondFactorResponse:
        """Returns what the calling user has set up."""
        request = second_factor_service_pb2.GetSecondFactorRequest()
        return await self._stub.GetSecondFactor(request, timeout=timeout)

    async def enrol_totp(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.EnrolTotpResponse:
        """Makes a secret for an authenticator app of the calling user.

        It counts only once ConfirmTotp has seen a code of it; until then a new one replaces it.
        """
        request = second_factor_service_pb2.EnrolTotpRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.EnrolTotp(request, timeout=timeout)

    async def confirm_totp(
        self,
        code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.ConfirmTotpResponse:
        """Turns the second factor of the calling user on, once a code shows that the app has the secret.

        From then on signing in asks for a code.
        """
        request = second_factor_service_pb2.ConfirmTotpRequest(
            code=code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.ConfirmTotp(request, timeout=timeout)

    async def remove_totp(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Turns the second factor of the calling user off.

        It asks for a sign-in with the second factor within the last 15 minutes.
        """
        request = second_factor_service_pb2.RemoveTotpRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        await self._stub.RemoveTotp(request, timeout=timeout)

    async def regenerate_recovery_codes(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> second_factor_service_pb2.RegenerateRecoveryCodesResponse:
        """Makes ten new recovery codes for the calling user; the earlier ones stop working.

        It asks for a sign-in with the second factor within the last 15 minutes.
        """
        request = second_factor_service_pb2.RegenerateRecoveryCodesRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RegenerateRecoveryCodes(request, timeout=timeout)

    async def remove_user_totp(
        self,
        second_factor_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Turns the second factor of another user off, such as one who has lost both the app and the codes.

        The sessions of the user end.
        """
        request = second_factor_service_pb2.RemoveUserTotpRequest(
            id=second_factor_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RemoveUserTotp(request, timeout=timeout)).user
