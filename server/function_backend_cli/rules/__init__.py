"""`function-backend rules`: decisions in files, checked, tested and explained; and those of the service."""
