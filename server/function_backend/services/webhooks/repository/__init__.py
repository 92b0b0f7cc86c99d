"""Storing and finding endpoints and deliveries."""
