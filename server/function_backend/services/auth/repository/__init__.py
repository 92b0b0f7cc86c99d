"""Every query of tenants and keys."""
