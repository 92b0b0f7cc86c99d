"""Relationships: the schema language, what follows from it, and how a permission is found out."""
