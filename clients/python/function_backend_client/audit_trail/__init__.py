"""The audit trail as a file that proves itself: written from an export, verified without the service.

>>> from function_backend_client.audit_trail import PublicKeys, verify_file
>>> verification = verify_file("trail.jsonl.gz", PublicKeys.parse(["9f…"]))
>>> verification.is_whole, verification.problems

Verifying takes the file and the public key, and neither a server nor a network. docs/audit.md describes the file.
"""

from function_backend_client.audit_trail.checkpoints import Checkpoint, PublicKeys, read_checkpoints
from function_backend_client.audit_trail.exporting import AuditExport, write_export
from function_backend_client.audit_trail.verifying import (
    Problem,
    TrailVerifier,
    Verification,
    open_trail,
    verify_file,
    verify_lines,
)

__all__ = [
    "AuditExport",
    "Checkpoint",
    "Problem",
    "PublicKeys",
    "TrailVerifier",
    "Verification",
    "open_trail",
    "read_checkpoints",
    "verify_file",
    "verify_lines",
    "write_export",
]
