"""Goes on with replays: one thread that is woken when there is one, and looks by itself now and then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from uuid import UUID

from function_backend.kernel.background import acting_for
from function_backend.kernel.errors import ServiceError, UnavailableError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.repository.sending import METHOD, STATEMENT_SECONDS, open_replays

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_AT_ONCE = 20


class Replayer:
    """The background work `webhook-replays`."""

    def __init__(self, *, transactions: Transactions, go_on: Callable[[UUID], bool]) -> None:
        """`go_on` does the next piece of a replay of the current tenant, and says whether there is more."""
        self._transactions = transactions
        self._go_on = go_on
        self._awake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """See Background."""
        return "webhook-replays"

    def start(self) -> None:
        """See Background."""
        thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        thread.start()
        # Not before: who closes meanwhile would wait for what has not begun.
        self._thread = thread

    def end(self) -> None:
        """See Background."""
        self._ending.set()
        self._awake.set()

    def close(self) -> None:
        """See Background."""
        self.end()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def wake(self, _: str = "") -> None:
        """There is a replay."""
        self._awake.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._work()
            except ServiceError as error:
                _log.warning("replays were interrupted: %s", error.reason)
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("replays failed")
            self._awake.wait(_LOOK_SECONDS)
            self._awake.clear()

    def _work(self) -> None:
        """A piece of each in turn, so that none waits for the end of a long one."""
        more = True
        while more and not self._ending.is_set():
            found = self._transactions.without_tenant(lambda driver: open_replays(driver, limit=_AT_ONCE))
            more = False
            for tenant_id, replay_id in found:
                more |= self._one_piece(tenant_id, replay_id)

    def _one_piece(self, tenant_id: UUID, replay_id: UUID) -> bool:
        try:
            with acting_for(tenant_id, METHOD, seconds=STATEMENT_SECONDS):
                return self._go_on(replay_id)
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001  the others go on
            _log.exception("the replay %s could not go on", replay_id)
            return False
