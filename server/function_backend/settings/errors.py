"""What is wrong with the settings."""

from __future__ import annotations

from collections.abc import Sequence


class SettingsError(Exception):
    """The process cannot start with these settings; each problem says where it stands and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
