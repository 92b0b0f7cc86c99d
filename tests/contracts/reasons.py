"""The reasons of the contract."""

from __future__ import annotations

from google.rpc import code_pb2

from function.common.v1 import error_reason_pb2, options_pb2

_PREFIX = "ERROR_REASON_"


def _specs() -> dict[str, options_pb2.ReasonSpec]:
    values = error_reason_pb2.ErrorReason.DESCRIPTOR.values
    return {
        value.name.removeprefix(_PREFIX): value.GetOptions().Extensions[options_pb2.reason]
        for value in values
        if value.number
    }


REASONS = _specs()
"""Reason without its prefix to what the contract says about it."""


def status_of(reason: str) -> str:
    """The gRPC status that the contract promises for the reason."""
    return code_pb2.Code.Name(REASONS[reason].code)
