"""Asking without a tenant, or for all of them: only functions of the definer answer, every table refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from function_backend.kernel.call import current_call
from function_backend.persistence import wire
from function_backend.persistence.failures import translate
from function_backend.persistence.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from function_backend.persistence.engine import Database

T = TypeVar("T")


def ask_without_tenant(database: Database, use: Callable[[wire.Driver], T], *, read_only: bool = True) -> T:
    """What `use` returns, in a transaction on the primary in which no tenant is set.

    It may run twice: the connection may break when it has been committed already.
    """
    call = current_call.get()

    def within(driver: wire.Driver) -> T:
        interrupt = Interrupt(call, driver)
        try:
            wire.run(driver, database.primary.opening_without_tenant().begin(read_only=read_only))
            found = use(driver)
            wire.run(driver, b"commit")
        finally:
            interrupt.disarm()
        return found

    try:
        return database.primary.read(within)
    except Exception as error:
        meaning = translate(error, call)
        if meaning is not None:
            raise meaning from error
        raise
