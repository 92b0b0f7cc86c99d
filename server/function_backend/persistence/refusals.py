"""Why a database cannot be served from. Apart from what finds that out, which takes long to load."""

from __future__ import annotations


class SchemaError(Exception):
    """The schema is not what this release needs; the message says what to do."""


class DatabaseAwayError(Exception):
    """The database did not answer while the service waited for it."""
