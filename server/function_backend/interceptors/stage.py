"""What a stage of the pipeline offers."""

from __future__ import annotations

from collections.abc import Callable

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method

Hook = Callable[[Exchange], None]


class Stage:
    """One concern of every call.

    A stage is asked once per method, at start, for what to run when a call enters and when it leaves; None costs
    nothing. It can prepare all that depends on the method alone, so that a call does only what depends on the call.
    """

    def entering(self, method: Method) -> Hook | None:  # noqa: ARG002 - for those who need it
        """What runs before the servicer; it may raise to refuse the call if it stands behind the errors stage."""
        return None

    def leaving(self, method: Method) -> Hook | None:  # noqa: ARG002 - for those who need it
        """What runs when the status is known, in reverse order; it does not raise."""
        return None
