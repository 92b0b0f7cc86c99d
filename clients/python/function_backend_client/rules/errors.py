"""Why a decision could not be taken locally."""

from __future__ import annotations


class LocalRulesError(Exception):
    """A decision that could not be taken locally; the service may still take it."""


class NotReadyError(LocalRulesError):
    """Nothing was heard of the service yet."""


class StaleRulesError(LocalRulesError):
    """The service was not heard of for longer than `refuse_after`, so what is in force may have changed."""


class VersionRefusedError(LocalRulesError):
    """The version in force cannot be used here: it was altered on its way, or this program is too old for it."""

    def __init__(self, name: str, version: int, why: str) -> None:
        super().__init__(f"version {version} of '{name}' cannot be used here: {why}")
        self.name = name
        self.version = version
