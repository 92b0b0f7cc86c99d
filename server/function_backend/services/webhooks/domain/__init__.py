"""What webhooks are, without I/O."""
