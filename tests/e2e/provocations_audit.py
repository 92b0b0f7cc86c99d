"""How a caller meets the reasons of the audit trail."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from function.audit.v1 import audit_service_pb2 as wire
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer


@provokes("AUDIT_RECORD_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetAuditRecord", wire.GetAuditRecordRequest(seq=1_000_000_000))


@provokes("AUDIT_RETENTION_TOO_SHORT")
def _(scene: Scene) -> Answer:
    return scene.send("SetAuditRetention", wire.SetAuditRetentionRequest(keep_for=Duration(seconds=1)))
