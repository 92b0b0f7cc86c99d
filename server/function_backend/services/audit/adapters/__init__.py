"""Signing, and what is recorded behind the calls."""
