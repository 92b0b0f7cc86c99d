"""Ordered rules: which of those that match decide, and what a failure of one means."""
