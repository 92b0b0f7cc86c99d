"""How a protected service refuses a call: with the same reasons and details as the backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn, Protocol

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

DOMAIN: Final = "function-backend"
_DETAILS_KEY: Final = "grpc-status-details-bin"
_RETRY_MS: Final = 500


class Aborting(Protocol):
    """What is needed of a call to refuse it."""

    def set_trailing_metadata(self, trailing_metadata: tuple[tuple[str, str | bytes], ...], /) -> None:
        """Sends metadata after the answer."""

    def abort(self, code: StatusCode, details: str) -> NoReturn:
        """Ends the call."""


class RefusedError(Exception):
    """The call is refused, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is refused."""

    code: StatusCode
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def error(self) -> RefusedError:
        """To be raised."""
        return RefusedError(self)

    def trailers(self) -> tuple[tuple[str, str | bytes], ...]:
        """The metadata that explains it to a program."""
        number: int = self.code.value[0]
        status = status_pb2.Status(code=number, message=self.message)
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=dict(self.metadata))
        status.details.append(_packed(info))
        trailers: list[tuple[str, str | bytes]] = []
        if self.code is StatusCode.UNAVAILABLE:
            delay = duration_pb2.Duration(nanos=_RETRY_MS * 1_000_000)
            status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
            trailers.append(("grpc-retry-pushback-ms", str(_RETRY_MS)))
        return (*trailers, (_DETAILS_KEY, status.SerializeToString()))


def unauthenticated(reason: str, message: str) -> RefusedError:
    """Nobody knows who is calling."""
    return Refusal(StatusCode.UNAUTHENTICATED, reason, message).error()


def denied(permission: str) -> RefusedError:
    """The caller may not do this."""
    message = f"the caller lacks the permission {permission}"
    return Refusal(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING", message, {"permission": permission}).error()


def undeclared(method: str) -> RefusedError:
    """Nobody said who may call the method."""
    message = f"no permission is declared for {method}, so nobody may call it"
    return Refusal(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING", message, {"permission": ""}).error()


def unavailable() -> RefusedError:
    """It cannot be found out whether the call is allowed."""
    message = "who is calling cannot be checked at the moment"
    return Refusal(
        StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", message, {"dependency": "function-backend"}
    ).error()


def _packed(detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
