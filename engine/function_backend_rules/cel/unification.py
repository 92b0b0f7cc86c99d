"""Which types fit which, after the checker of github google/cel-go (checker/types.go)."""

from __future__ import annotations

from collections.abc import Sequence

from function_backend_rules.cel.types import DYN, Type

_NULLABLE = frozenset({"null", "wrapper", "message", "timestamp", "duration", "any", "dyn", "optional"})


class Substitution:
    """What the type parameters of one expression stand for so far."""

    def __init__(self) -> None:
        self._bound: dict[Type, Type] = {}
        self._count = 0

    def fresh(self) -> Type:
        """A parameter that nothing is known of."""
        self._count += 1
        return Type("param", name=f"%{self._count}")

    def instance(self, types: Sequence[Type]) -> list[Type]:
        """The types with their named parameters replaced by fresh ones, the same for the same name."""
        fresh: dict[Type, Type] = {}
        return [self._renamed(found, fresh) for found in types]

    def _renamed(self, found: Type, fresh: dict[Type, Type]) -> Type:
        if found.kind == "param":
            if found not in fresh:
                fresh[found] = self.fresh()
            return fresh[found]
        if not found.parameters:
            return found
        return Type(found.kind, tuple(self._renamed(inner, fresh) for inner in found.parameters), found.name)

    def snapshot(self) -> dict[Type, Type]:
        """What is known now, for `restore`."""
        return dict(self._bound)

    def restore(self, snapshot: dict[Type, Type]) -> None:
        """Forgets what was learned since."""
        self._bound = snapshot

    def apply(self, found: Type, *, final: bool = False) -> Type:
        """The type with what is known put in; with `final`, parameters that nothing is known of become dyn."""
        if found.kind == "param":
            bound = self._bound.get(found)
            if bound is not None:
                return self.apply(bound, final=final)
            return DYN if final else found
        if not found.parameters:
            return found
        inner = tuple(self.apply(parameter, final=final) for parameter in found.parameters)
        return Type(found.kind, inner, found.name)

    def fits(self, given: Type, wanted: Type) -> bool:
        """Whether a value of type `given` may stand where `wanted` is asked for. Learns what parameters stand for."""
        before = self.snapshot()
        if self._fits(given, wanted):
            return True
        self.restore(before)
        return False

    def all_fit(self, given: Sequence[Type], wanted: Sequence[Type]) -> bool:
        """`fits` for several at once, all or none."""
        before = self.snapshot()
        if len(given) == len(wanted) and all(self._fits(g, w) for g, w in zip(given, wanted, strict=True)):
            return True
        self.restore(before)
        return False

    def joined(self, one: Type, other: Type) -> Type:
        """The type of a list that holds both."""
        if self.fits(other, one):
            return self.more_general(one, other)
        if self.fits(one, other):
            return self.more_general(other, one)
        return DYN

    def more_general(self, one: Type, other: Type) -> Type:
        """Which of two types that fit each other says less."""
        one, other = self.apply(one), self.apply(other)
        if one.kind == "null" and other.kind != "null":
            return other
        if other.kind in {"dyn", "error"} and one.kind != "param":
            return other
        if other.kind == "wrapper" and one.kind != "dyn":
            return other
        if one.parameters and len(one.parameters) == len(other.parameters) and one.kind == other.kind:
            inner = tuple(self.more_general(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
            return Type(one.kind, inner, one.name)
        return one

    def _fits(self, given: Type, wanted: Type) -> bool:
        given, wanted = self._known(given), self._known(wanted)
        if given == wanted:
            return True
        if wanted.kind == "param":
            return self._bind(wanted, given)
        if given.kind == "param":
            return self._bind(given, wanted)
        if given.kind in {"dyn", "error"} or wanted.kind in {"dyn", "error", "any"} or given.kind == "any":
            return True
        if given.kind == "null":
            return wanted.kind in _NULLABLE
        if wanted.kind == "null":
            return given.kind in _NULLABLE
        if given.kind == "wrapper":
            inner = wanted.parameters[0] if wanted.kind == "wrapper" else wanted
            return given.parameters[0] == inner
        if wanted.kind == "wrapper":
            return given == wanted.parameters[0]
        if given.kind == "type" == wanted.kind:
            return True
        if given.kind != wanted.kind or given.name != wanted.name or len(given.parameters) != len(wanted.parameters):
            return False
        return all(self._fits(g, w) for g, w in zip(given.parameters, wanted.parameters, strict=True))

    def _known(self, found: Type) -> Type:
        while found.kind == "param" and found in self._bound:
            bound = self._bound[found]
            if bound.kind != "param":
                # A parameter that was null or a plain value so far may turn out to be more: see _bind.
                return bound
            found = bound
        return found

    def _bind(self, parameter: Type, other: Type) -> bool:
        if self._occurs(parameter, other):
            return False
        self._bound[parameter] = other
        return True

    def widen(self, parameter: Type, other: Type) -> None:
        """Lets a parameter that was learned to be null, or a plain value, stand for what also was given for it."""
        while (bound := self._bound.get(parameter)) is not None and bound.kind == "param":
            parameter = bound
        bound = self._bound.get(parameter)
        if bound is not None:
            self._bound[parameter] = self.more_general(bound, other)

    def _occurs(self, parameter: Type, inside: Type) -> bool:
        inside = self._known(inside)
        return inside == parameter or any(self._occurs(parameter, inner) for inner in inside.parameters)
