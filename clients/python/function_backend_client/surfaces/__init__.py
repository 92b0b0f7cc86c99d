"""The typed methods of auth, written by make generate."""
