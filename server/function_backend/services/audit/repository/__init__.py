"""Storing and finding what belongs to the audit trail."""
