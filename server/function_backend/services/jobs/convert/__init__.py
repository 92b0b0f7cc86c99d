"""Jobs on the wire."""
