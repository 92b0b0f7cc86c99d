"""The failures of an import as a whole."""

from __future__ import annotations

from function_backend.kernel.errors import InvalidArgumentError


class ImportTooLargeError(InvalidArgumentError):
    """The import stream carries more rows than one may."""

    reason = "IMPORT_TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"One stream carries at most {limit} rows; open another for the rest. The batches before this one are "
            "imported.",
            metadata={"limit": str(limit)},
        )


class ImportOutOfOrderError(InvalidArgumentError):
    """The import stream does not begin with its configuration, or repeats it."""

    reason = "IMPORT_OUT_OF_ORDER"

    def __init__(self) -> None:
        super().__init__("The first message of the stream must be 'config', the others 'batch'.")
