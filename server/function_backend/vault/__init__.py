"""Secrets of tenants at rest: sealed with a key for each tenant, which a master key of the installation wraps."""
