"""Random schemas and relationships, and what follows from them worked out in the plainest way.

Nothing here uses the engine: the schema is a nested tuple, and the facts are the well-founded model, found by the
alternating fixpoint over all objects at once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

Fact = tuple[str, str, str]
TupleRow = tuple[str, str, str, str, str, str]

IDS = ("a", "b", "c", "d")
USERS = ("ann", "bob", "cem")


@dataclass
class World:
    """A schema, and relationships that it allows."""

    relations: dict[tuple[str, str], list[tuple[str, str, bool]]] = field(default_factory=dict)
    permissions: dict[tuple[str, str], Any] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    tuples: set[TupleRow] = field(default_factory=set)

    def text(self) -> str:
        lines = []
        for each in self.types:
            lines.append(f"definition {each} {{")
            for (owner, name), subjects in self.relations.items():
                if owner == each:
                    kinds = [f"{kind}:*" if star else f"{kind}#{rel}" if rel else kind for kind, rel, star in subjects]
                    lines.append(f"  relation {name}: {' | '.join(kinds)}")
            for (owner, name), expression in self.permissions.items():
                if owner == each:
                    lines.append(f"  permission {name} = {_written(expression)}")
            lines.append("}")
        return "\n".join(lines)

    def names(self, type_name: str) -> list[str]:
        return [name for owner, name in [*self.relations, *self.permissions] if owner == type_name]

    def ids(self, type_name: str) -> tuple[str, ...]:
        return USERS if type_name == "user" else IDS

    def subjects(self) -> list[tuple[str, str, str]]:
        """Everybody who can be asked about, those whom no relationship names included."""
        found = [("user", user, "") for user in (*USERS, "nobody", "*")]
        for each in self.types:
            if each != "user":
                found += [(each, object_id, "") for object_id in IDS[:2]]
                found += [(each, object_id, name) for object_id in IDS[:2] for name in self.names(each)]
        return found

    def facts(self, subject: tuple[str, str, str]) -> set[Fact]:
        """Everything that holds for the subject."""
        below: set[Fact] = set()
        while True:
            above = self._least(subject, below)
            again = self._least(subject, above)
            if again == below:
                assert above == below, "the schema has no two-valued meaning"
                return below
            below = again

    def _least(self, subject: tuple[str, str, str], assumed: set[Fact]) -> set[Fact]:
        true: set[Fact] = {subject} if subject[2] else set()
        while True:
            more = {
                (each, object_id, name)
                for each in self.types
                for object_id in self.ids(each)
                for name in self.names(each)
                if (each, object_id, name) not in true and self._holds((each, object_id, name), subject, true, assumed)
            }
            if not more:
                return true
            true |= more

    def _holds(self, fact: Fact, subject: tuple[str, str, str], true: set[Fact], assumed: set[Fact]) -> bool:
        owner, object_id, name = fact
        if (owner, name) in self.relations:
            for row in self.tuples:
                if row[:3] != (owner, object_id, name):
                    continue
                if row[3:] == subject or row[3:] in true:
                    return True
                if row[4] == "*" and row[3] == subject[0] and not subject[2]:
                    return True
            return False
        return self._value(self.permissions[owner, name], owner, object_id, true, assumed)

    def _value(self, expression: Any, owner: str, object_id: str, true: set[Fact], assumed: set[Fact]) -> bool:  # noqa: ANN401
        kind, *parts = expression
        if kind == "name":
            return (owner, object_id, parts[0]) in true
        if kind == "arrow":
            relation, name = parts
            return any((row[3], row[4], name) in true for row in self.tuples if row[:3] == (owner, object_id, relation))
        if kind == "-":
            return self._value(parts[0], owner, object_id, true, assumed) and not any(
                self._value(part, owner, object_id, assumed, true) for part in parts[1:]
            )
        values = [self._value(part, owner, object_id, true, assumed) for part in parts]
        return any(values) if kind == "+" else all(values)


def a_world(chance: random.Random) -> World:
    """A random schema with random relationships."""
    world = World(types=["user", "group", "folder", "document"])
    for each in world.types[1:]:
        for number in range(chance.randint(1, 3)):
            world.relations[each, f"r{number}"] = []
        parents = [(chance.choice(world.types[1:]), "", False)]
        world.relations[each, "parent"] = parents + [("user", "", False)] * (chance.random() < 0.3)
        for number in range(chance.randint(1, 3)):
            world.permissions[each, f"p{number}"] = None
    for name, subjects in world.relations.items():
        if name[1] != "parent":
            subjects.extend(_kinds(world, chance))
    for owner, permission in list(world.permissions):
        world.permissions[owner, permission] = _expression(world, owner, permission, chance, depth=3)
    for _ in range(chance.randint(0, 40)):
        owner, relation = chance.choice(list(world.relations))
        kind, subject_relation, star = chance.choice(world.relations[owner, relation])
        subject_id = "*" if star else chance.choice(world.ids(kind))
        world.tuples.add((owner, chance.choice(IDS), relation, kind, subject_id, subject_relation))
    return world


def _kinds(world: World, chance: random.Random) -> list[tuple[str, str, bool]]:
    kinds: list[tuple[str, str, bool]] = [("user", "", False)]
    if chance.random() < 0.3:
        kinds.append(("user", "", True))
    for _ in range(chance.randint(0, 2)):
        other = chance.choice(world.types[1:])
        kinds.append((other, chance.choice([*world.names(other), ""]), False))
    return list(dict.fromkeys(kinds))


def _expression(world: World, owner: str, name: str, chance: random.Random, *, depth: int) -> Any:  # noqa: ANN401
    if depth == 0 or chance.random() < 0.35:
        targets = [kind for kind, _, _ in world.relations[owner, "parent"]]
        known = sorted({each for target in targets for each in world.names(target)})
        if known and chance.random() < 0.4:
            return ("arrow", "parent", chance.choice(known))
        earlier = [each for kind, each in world.permissions if kind == owner and each < name]
        plain = [each for kind, each in world.relations if kind == owner]
        return ("name", chance.choice(plain + earlier))
    operator = chance.choice("++&-")
    parts = [_expression(world, owner, name, chance, depth=depth - 1) for _ in range(chance.randint(2, 3))]
    return (operator, *parts)


def _written(expression: Any) -> str:  # noqa: ANN401
    kind, *parts = expression
    if kind == "name":
        return str(parts[0])
    if kind == "arrow":
        return f"{parts[0]}->{parts[1]}"
    return "(" + f" {kind} ".join(map(_written, parts)) + ")"
