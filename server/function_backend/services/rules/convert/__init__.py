"""Rules on the wire."""
