"""Tenants, and the API keys that their callers carry."""
