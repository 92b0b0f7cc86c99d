"""What happened: written to the outbox and to the audit chain in the transaction that made it happen."""
