"""What happened: written to the log and to the audit chain in the transaction that made it happen, and read by all."""
