"""Writes the table of settings into docs/operations.md, from the dataclasses that declare them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path

from function_backend.settings.schema import documentation, keys, sections
from function_backend.settings.tree import Settings
from function_backend.settings.values import show

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
_BEGIN = "<!-- settings: written by tools/settings_reference.py -->\n"
_END = "<!-- end of settings -->\n"


def with_settings(page: str) -> str:
    """The page with the table as it is now."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return before + _BEGIN + "\n" + "\n".join(_lines()) + "\n\n" + _END + after


def _lines() -> Iterator[str]:
    yield "| Setting | Default | What it is |"
    yield "|---|---|---|"
    said = {name: documentation(kind) for name, kind in sections(Settings).items()}
    for key in keys(Settings):
        # A required value stands in the tree without a default; the embedded database supplies it.
        default = "" if key.default is MISSING else show(key.default, sensitive=False)
        text = said[key.section][key.name].replace("|", "\\|")
        shown = f"`{default}`" if default else ""
        yield f"| `{key.path}` | {shown} | {text} |"


def main() -> int:
    """Writes the page."""
    PAGE.write_text(with_settings(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
