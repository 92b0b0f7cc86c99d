"""Wire messages to domain values and back; pure."""
