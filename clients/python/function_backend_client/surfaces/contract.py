"""The files of the contract that have services. Written by make generate."""

from __future__ import annotations

from google.protobuf.descriptor import FileDescriptor

from function.auth.v1 import api_key_service_pb2, tenant_service_pb2
from function.company.v1 import company_service_pb2

CONTRACT: tuple[FileDescriptor, ...] = (
    api_key_service_pb2.DESCRIPTOR,
    tenant_service_pb2.DESCRIPTOR,
    company_service_pb2.DESCRIPTOR,
)
"""The files whose services this client speaks."""
