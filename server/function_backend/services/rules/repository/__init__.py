"""Every query of rules."""
