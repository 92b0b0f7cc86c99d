"""The audit trail over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from function.audit.v1 import audit_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.audit.convert import trail
from function_backend.services.audit.service.exporting import Exporting
from function_backend.services.audit.service.keys import AuditKeys
from function_backend.services.audit.service.reading import Reading
from function_backend.services.audit.service.retention import Retaining


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditUseCases:
    """What the methods call."""

    reading: Reading
    exporting: Exporting
    keys: AuditKeys
    retaining: Retaining


class AuditServicer:
    """`function.audit.v1.AuditService`."""

    def __init__(self, use_cases: AuditUseCases) -> None:
        self._use = use_cases

    def ListAuditRecords(self, request: wire.ListAuditRecordsRequest, context: Call) -> wire.ListAuditRecordsResponse:
        found, token = self._use.reading.list_page(
            request.filter, order_by=request.order_by, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListAuditRecordsResponse(records=map(trail.record, found), next_page_token=token)

    def GetAuditRecord(self, request: wire.GetAuditRecordRequest, context: Call) -> wire.GetAuditRecordResponse:
        return wire.GetAuditRecordResponse(record=trail.record(self._use.reading.get(request.seq)))

    def ExportAuditRecords(
        self, request: wire.ExportAuditRecordsRequest, context: Call
    ) -> Iterator[wire.ExportAuditRecordsResponse]:
        batches = self._use.exporting.export(
            after_seq=request.after_seq,
            batch_size=request.batch_size,
            resume_token=request.resume_token,
            call=context,
        )
        return map(trail.batch, batches)

    def ListCheckpoints(self, request: wire.ListCheckpointsRequest, context: Call) -> wire.ListCheckpointsResponse:
        found, token = self._use.reading.checkpoints(
            request.after_seq, page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListCheckpointsResponse(checkpoints=map(trail.checkpoint, found), next_page_token=token)

    def GetAuditPublicKeys(
        self, request: wire.GetAuditPublicKeysRequest, context: Call
    ) -> wire.GetAuditPublicKeysResponse:
        return wire.GetAuditPublicKeysResponse(keys=map(trail.key, self._use.keys.all()))

    def RotateAuditKey(self, request: wire.RotateAuditKeyRequest, context: Call) -> wire.RotateAuditKeyResponse:
        return wire.RotateAuditKeyResponse(key=trail.key(self._use.keys.rotate()))

    def VerifyAuditTrail(self, request: wire.VerifyAuditTrailRequest, context: Call) -> wire.VerifyAuditTrailResponse:
        return trail.verified(self._use.reading.verify(request.after_seq, at_most=request.max_records))

    def GetAuditRetention(
        self, request: wire.GetAuditRetentionRequest, context: Call
    ) -> wire.GetAuditRetentionResponse:
        return wire.GetAuditRetentionResponse(retention=trail.retention(self._use.retaining.get()))

    def SetAuditRetention(
        self, request: wire.SetAuditRetentionRequest, context: Call
    ) -> wire.SetAuditRetentionResponse:
        keep_for = request.keep_for.ToTimedelta() if request.HasField("keep_for") else None
        return wire.SetAuditRetentionResponse(retention=trail.retention(self._use.retaining.set(keep_for)))
