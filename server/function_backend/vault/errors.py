"""The failures of what is kept encrypted."""

from __future__ import annotations

from datetime import timedelta

from function_backend.kernel.errors import ServiceError, UnavailableError

_RETRY = timedelta(seconds=5)


class SecretLostError(ServiceError):
    """What was sealed opens never again: the tenant's key is gone, or the text is not what was sealed.

    A caller is not to meet it: the use case that opened the secret says what to do, such as to enrol again. One that
    forgets to answers INTERNAL.
    """

    def __init__(self) -> None:
        super().__init__("A stored secret cannot be read any more.")


class MasterKeyMissingError(UnavailableError):
    """Something is wrapped by a master key that the settings do not name; it is back as soon as they do."""

    def __init__(self, master_key_id: str) -> None:
        super().__init__(
            f"The master key '{master_key_id}' is not in the settings of this server; retry after the given delay.",
            metadata={"dependency": "master key"},
            retry_after=_RETRY,
        )
