"""How far an import came, kept so that the same command goes on there."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything up to a line is settled; what of it is in the rejects file, and how long that was.

    What was created and changed is not kept: some rows behind the line have their answer as well, and would count twice
    when they are sent again.
    """

    line: int = 0
    rejected: int = 0
    dropped: int = 0
    rejects_bytes: int = 0


class CheckpointFile:
    """The checkpoint of one import: of this input by this mapping into this service for this caller."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.path = folder / f"{identity}.json"

    def read(self) -> Checkpoint | None:
        """The checkpoint of an interrupted run; None when there is none that can be used."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return Checkpoint(**{field.name: int(kept[field.name]) for field in fields(Checkpoint)})
        except (OSError, ValueError, KeyError, TypeError):
            # Missing, or written by another version: the import begins anew, which changes nothing twice.
            return None

    def write(self, checkpoint: Checkpoint) -> None:
        """Replaces the checkpoint as a whole, so that it is never half there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        written = self.path.with_suffix(".tmp")
        written.write_text(json.dumps(asdict(checkpoint)), encoding="utf-8")
        written.replace(self.path)

    def remove(self) -> None:
        """Forgets the run; it is complete, or begins anew."""
        self.path.unlink(missing_ok=True)


def state_folder() -> Path:
    """Where checkpoints are kept: the user's folder for state, as the XDG specification names it."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "function-backend" / "imports"


def identity_of(input_path: Path, *parts: str) -> str:
    """What makes two imports the same: the content of the file, and whatever else decides where its rows go."""
    with input_path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256")
    for part in parts:
        digest.update(b"\x00" + part.encode())
    return digest.hexdigest()[:32]


def added(before: Checkpoint, now: Checkpoint) -> Checkpoint:
    """The counts of the runs before and of this one together; place and length are those of this one."""
    return replace(now, rejected=before.rejected + now.rejected, dropped=before.dropped + now.dropped)
