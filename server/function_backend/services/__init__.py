"""The services: one folder each, with the same files."""
