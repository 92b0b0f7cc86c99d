"""Putting what builds on each other in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class CycleError(ValueError):
    """Things build on each other in a circle."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(" → ".join(cycle))
        self.cycle = cycle
        """The names in order, the first again at the end."""


def in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The names such that each stands behind all that it needs. Names that are not keys are passed over.

    Raises:
        CycleError: there is no such order.
    """
    done: dict[str, None] = {}
    for start in needs:
        # Depth first without recursion: a long chain is not a deep stack.
        path: dict[str, list[str]] = {}
        pending = [start]
        while pending:
            name = pending[-1]
            if name in done:
                pending.pop()
                continue
            if name not in path:
                path[name] = [need for need in needs[name] if need in needs and need not in done]
            if path[name]:
                need = path[name].pop()
                if need in path:
                    names = list(path)
                    raise CycleError((*names[names.index(need) :], need))
                pending.append(need)
            else:
                del path[name]
                done[name] = None
                pending.pop()
    return list(done)
