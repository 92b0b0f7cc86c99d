"""The streams that are open."""
