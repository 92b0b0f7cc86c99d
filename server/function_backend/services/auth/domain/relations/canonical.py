"""One form for all ways of writing the same schema, and its hash."""

from __future__ import annotations

import hashlib

from function_backend.services.auth.domain.relations.schema import Relation, Schema


def canonical_text(schema: Schema) -> str:
    """The schema in one layout: definitions and their members by name, subjects in order, relations first."""
    blocks = []
    for definition in sorted(schema.definitions, key=lambda each: each.name):
        lines = [f"definition {definition.name} {{"]
        for relation in sorted(definition.relations.values(), key=lambda each: each.name):
            subjects = tuple(sorted(relation.subjects, key=str))
            lines.append(f"  {Relation(relation.name, subjects)}")
        lines += [f"  {each}" for each in sorted(definition.permissions.values(), key=lambda each: each.name)]
        blocks.append("\n".join([*lines, "}"]))
    return "\n\n".join(blocks) + "\n"


def content_hash(canonical: str) -> str:
    """SHA-256 of the canonical text, in hexadecimal digits."""
    return hashlib.sha256(canonical.encode()).hexdigest()
