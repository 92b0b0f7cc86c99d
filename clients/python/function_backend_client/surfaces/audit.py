"""The audit trail of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterable, Iterator

from google.protobuf.duration_pb2 import Duration

from function.audit.v1 import audit_pb2, audit_service_pb2, audit_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Audit:
    """The audit trail of the caller's tenant. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: audit_service_pb2_grpc.AuditServiceStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        filter: str = "",
        order_by: str = "",
        timeout: float | None = None,
    ) -> Pager[audit_pb2.AuditRecord]:
        """Returns records that fit a filter, page by page, the newest first unless the order says otherwise."""
        request = audit_service_pb2.ListAuditRecordsRequest(
            page_size=page_size, page_token=page_token, filter=filter, order_by=order_by
        )

        def fetch(token: str) -> Page[audit_pb2.AuditRecord]:
            response = self._stub.ListAuditRecords(requests.at_page(request, token), timeout=timeout)
            return Page(response.records, response.next_page_token)

        return Pager(fetch, page_token)

    def get(
        self,
        seq: int,
        *,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRecord:
        """Returns one record."""
        request = audit_service_pb2.GetAuditRecordRequest(seq=seq)
        return self._stub.GetAuditRecord(request, timeout=timeout).record

    def export(
        self,
        *,
        after_seq: int = 0,
        batch_size: int = 0,
        resume_token: str = "",
        timeout: float | None = None,
    ) -> Iterator[audit_service_pb2.ExportAuditRecordsResponse]:
        """Returns the whole chain in order, with its checkpoints, in batches.

        It begins with the first record that is kept, or after the checkpoint before it, and ends with a checkpoint that
        is signed for it. Every message carries a token with which a broken stream goes on after it. docs/audit.md says
        how to write it to a file that can be verified by itself.
        """
        request = audit_service_pb2.ExportAuditRecordsRequest(
            after_seq=after_seq, batch_size=batch_size, resume_token=resume_token
        )
        return self._stub.ExportAuditRecords(request, timeout=timeout)

    def list_checkpoints(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        after_seq: int = 0,
        timeout: float | None = None,
    ) -> Pager[audit_pb2.AuditCheckpoint]:
        """Returns the signed checkpoints in order of seq, page by page."""
        request = audit_service_pb2.ListCheckpointsRequest(
            page_size=page_size, page_token=page_token, after_seq=after_seq
        )

        def fetch(token: str) -> Page[audit_pb2.AuditCheckpoint]:
            response = self._stub.ListCheckpoints(requests.at_page(request, token), timeout=timeout)
            return Page(response.checkpoints, response.next_page_token)

        return Pager(fetch, page_token)

    def get_audit_public_keys(
        self,
        *,
        timeout: float | None = None,
    ) -> audit_service_pb2.GetAuditPublicKeysResponse:
        """Returns the public keys that checkpoints were ever signed with, the newest first.

        Keep them where nobody who can reach the database can change them.
        """
        request = audit_service_pb2.GetAuditPublicKeysRequest()
        return self._stub.GetAuditPublicKeys(request, timeout=timeout)

    def rotate_audit_key(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> audit_pb2.AuditKey:
        """Makes a new key, with which checkpoints are signed from now on, for all tenants.

        What the keys before it signed stays good.
        """
        request = audit_service_pb2.RotateAuditKeyRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RotateAuditKey(request, timeout=timeout).key

    def verify_audit_trail(
        self,
        *,
        after_seq: int = 0,
        max_records: int = 0,
        timeout: float | None = None,
    ) -> audit_service_pb2.VerifyAuditTrailResponse:
        """Verifies a stretch of the chain in the database, and its checkpoints: what the verifier of exports does ….

        … without the export. It trusts this server; for a proof to others export the trail.
        """
        request = audit_service_pb2.VerifyAuditTrailRequest(after_seq=after_seq, max_records=max_records)
        return self._stub.VerifyAuditTrail(request, timeout=timeout)

    def get_audit_retention(
        self,
        *,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRetention:
        """Returns how long the tenant keeps its records."""
        request = audit_service_pb2.GetAuditRetentionRequest()
        return self._stub.GetAuditRetention(request, timeout=timeout).retention

    def set_audit_retention(
        self,
        *,
        keep_for: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRetention:
        """Decides how long the tenant keeps its records; without a time what the installation keeps holds again.

        Older records are dropped now and then, up to a signed checkpoint, which stays and with which the rest can be
        proved.
        """
        request = audit_service_pb2.SetAuditRetentionRequest(
            keep_for=requests.duration(keep_for),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.SetAuditRetention(request, timeout=timeout).retention


class AsyncAudit:
    """As `Audit`, with `await`."""

    def __init__(self, stub: audit_service_pb2_grpc.AuditServiceAsyncStub) -> None:
        self._stub = stub

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        filter: str = "",
        order_by: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[audit_pb2.AuditRecord]:
        """Returns records that fit a filter, page by page, the newest first unless the order says otherwise."""
        request = audit_service_pb2.ListAuditRecordsRequest(
            page_size=page_size, page_token=page_token, filter=filter, order_by=order_by
        )

        async def fetch(token: str) -> Page[audit_pb2.AuditRecord]:
            response = await self._stub.ListAuditRecords(requests.at_page(request, token), timeout=timeout)
            return Page(response.records, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def get(
        self,
        seq: int,
        *,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRecord:
        """Returns one record."""
        request = audit_service_pb2.GetAuditRecordRequest(seq=seq)
        return (await self._stub.GetAuditRecord(request, timeout=timeout)).record

    def export(
        self,
        *,
        after_seq: int = 0,
        batch_size: int = 0,
        resume_token: str = "",
        timeout: float | None = None,
    ) -> AsyncIterable[audit_service_pb2.ExportAuditRecordsResponse]:
        """Returns the whole chain in order, with its checkpoints, in batches.

        It begins with the first record that is kept, or after the checkpoint before it, and ends with a checkpoint that
        is signed for it. Every message carries a token with which a broken stream goes on after it. docs/audit.md says
        how to write it to a file that can be verified by itself.
        """
        request = audit_service_pb2.ExportAuditRecordsRequest(
            after_seq=after_seq, batch_size=batch_size, resume_token=resume_token
        )
        return self._stub.ExportAuditRecords(request, timeout=timeout)

    def list_checkpoints(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        after_seq: int = 0,
        timeout: float | None = None,
    ) -> AsyncPager[audit_pb2.AuditCheckpoint]:
        """Returns the signed checkpoints in order of seq, page by page."""
        request = audit_service_pb2.ListCheckpointsRequest(
            page_size=page_size, page_token=page_token, after_seq=after_seq
        )

        async def fetch(token: str) -> Page[audit_pb2.AuditCheckpoint]:
            response = await self._stub.ListCheckpoints(requests.at_page(request, token), timeout=timeout)
            return Page(response.checkpoints, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def get_audit_public_keys(
        self,
        *,
        timeout: float | None = None,
    ) -> audit_service_pb2.GetAuditPublicKeysResponse:
        """Returns the public keys that checkpoints were ever signed with, the newest first.

        Keep them where nobody who can reach the database can change them.
        """
        request = audit_service_pb2.GetAuditPublicKeysRequest()
        return await self._stub.GetAuditPublicKeys(request, timeout=timeout)

    async def rotate_audit_key(
        self,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> audit_pb2.AuditKey:
        """Makes a new key, with which checkpoints are signed from now on, for all tenants.

        What the keys before it signed stays good.
        """
        request = audit_service_pb2.RotateAuditKeyRequest(
            request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RotateAuditKey(request, timeout=timeout)).key

    async def verify_audit_trail(
        self,
        *,
        after_seq: int = 0,
        max_records: int = 0,
        timeout: float | None = None,
    ) -> audit_service_pb2.VerifyAuditTrailResponse:
        """Verifies a stretch of the chain in the database, and its checkpoints: what the verifier of exports does ….

        … without the export. It trusts this server; for a proof to others export the trail.
        """
        request = audit_service_pb2.VerifyAuditTrailRequest(after_seq=after_seq, max_records=max_records)
        return await self._stub.VerifyAuditTrail(request, timeout=timeout)

    async def get_audit_retention(
        self,
        *,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRetention:
        """Returns how long the tenant keeps its records."""
        request = audit_service_pb2.GetAuditRetentionRequest()
        return (await self._stub.GetAuditRetention(request, timeout=timeout)).retention

    async def set_audit_retention(
        self,
        *,
        keep_for: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> audit_pb2.AuditRetention:
        """Decides how long the tenant keeps its records; without a time what the installation keeps holds again.

        Older records are dropped now and then, up to a signed checkpoint, which stays and with which the rest can be
        proved.
        """
        request = audit_service_pb2.SetAuditRetentionRequest(
            keep_for=requests.duration(keep_for),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.SetAuditRetention(request, timeout=timeout)).retention
