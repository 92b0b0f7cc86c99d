"""What a tenant, a key and a permission are."""
