"""Why somebody has a permission, or what is missing, as a tree for people."""

from __future__ import annotations

from rich.markup import escape
from rich.tree import Tree

from function.auth.v1 import permission_check_service_pb2 as wire

_COMBINATIONS = {
    wire.EXPLANATION_KIND_UNION: "any of",
    wire.EXPLANATION_KIND_INTERSECTION: "all of",
    wire.EXPLANATION_KIND_EXCLUSION: "the first and none of the others",
}


def tree_of(explained: wire.ExplainPermissionResponse) -> Tree:
    """The explanation, with a tick before what holds and a cross before what does not."""
    return _grow(explained.explanation)


def _grow(part: wire.Explanation) -> Tree:
    tree = Tree(f"{'[green]✓[/]' if part.holds else '[red]✗[/]'} {escape(_said(part))}")
    for inner in part.parts:
        tree.add(_grow(inner))
    if part.omitted_count:
        tree.add(f"[dim]and {part.omitted_count} more[/]")
    return tree


def _said(part: wire.Explanation) -> str:
    if part.relationship:
        return part.relationship
    return _COMBINATIONS.get(part.kind) or f"{part.resource}#{part.name}"
