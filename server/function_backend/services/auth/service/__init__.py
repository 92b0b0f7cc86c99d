"""What can be done with tenants and keys."""
