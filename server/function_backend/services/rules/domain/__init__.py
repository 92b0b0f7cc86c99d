"""What decisions, versions and publications are."""
