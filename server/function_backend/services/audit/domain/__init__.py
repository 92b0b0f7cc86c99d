"""What the audit trail is made of; no I/O."""
