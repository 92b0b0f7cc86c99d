"""Storing and finding what notifications need."""
