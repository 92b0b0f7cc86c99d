"""The audit trail on the wire."""
