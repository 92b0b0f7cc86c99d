"""Delivering events to the servers of others."""
