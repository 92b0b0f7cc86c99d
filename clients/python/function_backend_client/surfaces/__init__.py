"""The typed methods, written by make generate."""
