"""Verifying an exported trail by itself: each record, their order, the signed checkpoints, beginning and end."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from function_backend_client.audit_trail import lines
from function_backend_client.audit_trail.checkpoints import Checkpoint, PublicKeys
from function_backend_client.audit_trail.records import BEGINNING, RecordLine, read_record

MOST_PROBLEMS = 100

_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the trail."""

    line: int
    """The line of the file, from 1; 0 for what is wrong with the whole."""
    seq: int
    """The record; 0 when it is not about one."""
    description: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.description}" if self.line else self.description


@dataclass(slots=True)
class Verification:
    """What was found."""

    tenant_id: str = ""
    first_seq: int = 0
    last_seq: int = 0
    """The last record that was found; 0 when there was none."""
    record_count: int = 0
    checkpoint_count: int = 0
    begins_after: Checkpoint | None = None
    """The signed checkpoint that the export begins after; None when it begins with the first record of all."""
    ends_with: Checkpoint | None = None
    """The signed checkpoint at the last record."""
    problems: list[Problem] = field(default_factory=list)
    """The first hundred, in the order of the file; empty when the trail is whole."""
    notes: list[str] = field(default_factory=list)
    """What the reader should know besides."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class TrailVerifier:
    """Takes the lines of an export in order; `finish` says what was found."""

    def __init__(self, keys: PublicKeys, *, kept: Iterable[Checkpoint] = ()) -> None:
        """`kept` are checkpoints that were kept elsewhere, which the trail must fit."""
        self._keys = keys
        self._kept = sorted(kept, key=lambda checkpoint: checkpoint.seq)
        self._kept_at: dict[int, list[Checkpoint]] = {}
        self._found = Verification()
        self._line = 0
        self._header: Mapping[str, Any] | None = None
        self._tenant = b""
        self._expected: str | None = None
        self._seq = 0
        self._signed_seq = -1
        self._last_checkpoint: Checkpoint | None = None
        self._record_begun = False

    @property
    def seq(self) -> int:
        """The record that was taken last."""
        return self._seq

    def take(self, text: str) -> None:
        """The next line, without its end."""
        self._line += 1
        try:
            if self._header is None:
                self._take_header(lines.read(text))
            elif text.startswith(BEGINNING):
                self._take_record(read_record(text, self._tenant))
            else:
                self._take_checkpoint(Checkpoint.read(lines.read(text)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, struct.error) as error:
            told = str(error) if isinstance(error, ValueError) and not _is_parsers(error) else "is damaged"
            self._say(f"the line {told}")
            if self._header is None:
                self._header = {}

    def finish(self) -> Verification:
        """What was found, once the last line was taken."""
        found = self._found
        if not self._header:
            self._whole("the file does not begin with the header of an exported audit trail")
            return found
        found.last_seq = self._seq if found.record_count else 0
        if not self._record_begun:
            self._begin_records()
        stated = self._header["last_seq"]
        if self._seq != stated:
            self._whole(f"the export says that it ends with record {stated}, and it ends with record {self._seq}")
        if self._signed_seq != self._seq:
            self._whole(
                f"there is no signed checkpoint at the end, after record {self._seq}: "
                "records may have been cut off or added"
            )
        else:
            found.ends_with = self._last_checkpoint
        self._compare_kept_beyond()
        return found

    def _take_header(self, members: Mapping[str, Any]) -> None:
        if (
            tuple(members) != lines.HEADER
            or members["type"] != "header"
            or members["format"] != lines.FORMAT
            or type(members["first_seq"]) is not int
            or type(members["last_seq"]) is not int
        ):
            self._say(f"the file does not begin with the header of '{lines.FORMAT}'")
            self._header = {}
            return
        self._tenant = lines.uuid_bytes(members["tenant_id"])
        self._header = members
        self._found.tenant_id, self._found.first_seq = members["tenant_id"], members["first_seq"]
        self._seq = members["first_seq"] - 1
        if self._seq == 0:
            self._expected = hashlib.sha256(self._tenant).hexdigest()
        elif self._seq < 0:
            self._say("the header names a first record that cannot be")
        for checkpoint in self._kept:
            fault = self._keys.fault(checkpoint)
            if fault:
                self._whole(f"the kept checkpoint at record {checkpoint.seq} {fault}")
            elif checkpoint.tenant_id != self._found.tenant_id:
                self._whole(f"the kept checkpoint at record {checkpoint.seq} is of another tenant")
            else:
                self._kept_at.setdefault(checkpoint.seq, []).append(checkpoint)

    def _take_record(self, record: RecordLine) -> None:
        if not self._record_begun:
            self._begin_records()
        seq = record.seq
        self._found.record_count += 1
        if seq != self._seq + 1:
            self._say(self._misplaced(seq), seq)
        elif self._expected is not None and record.prev_hash != self._expected:
            self._say(f"record {seq} does not follow the one before it: one of them was replaced", seq)
        self._seq, self._expected = seq, record.hash
        if record.digest != record.hash:
            self._say(f"record {seq} has been altered", seq)
        if seq in self._kept_at:
            self._compare_kept(seq, record.hash)

    def _misplaced(self, seq: int) -> str:
        if seq <= self._seq:
            return f"record {seq} is out of place, after record {self._seq}"
        first, last = self._seq + 1, seq - 1
        return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"

    def _begin_records(self) -> None:
        """What an export that does not begin with the first record needs is a signed checkpoint."""
        self._record_begun = True
        if self._seq > 0 and self._found.begins_after is None:
            self._say(f"the export begins after record {self._seq}, without a signed checkpoint for it", self._seq)

    def _take_checkpoint(self, checkpoint: Checkpoint) -> None:
        seq = checkpoint.seq
        self._found.checkpoint_count += 1
        fault = self._keys.fault(checkpoint)
        if fault:
            self._say(f"the checkpoint at record {seq} {fault}", seq)
            return
        if checkpoint.tenant_id != self._found.tenant_id:
            self._say(f"the checkpoint at record {seq} is of another tenant", seq)
            return
        if seq != self._seq:
            self._say(f"the checkpoint at record {seq} is out of place, after record {self._seq}", seq)
            return
        if not self._record_begun and self._expected is None:
            self._expected = checkpoint.hash.hex()
            self._found.begins_after = checkpoint
            self._found.notes.append(
                f"begins after the checkpoint at record {seq}, signed {checkpoint.signed_at}: "
                "what was before it is not in the file"
            )
            self._compare_kept(seq, checkpoint.hash.hex())
        elif checkpoint.hash.hex() != self._expected:
            self._say(f"the chain up to record {seq} is not the one that was signed", seq)
            return
        self._signed_seq, self._last_checkpoint = seq, checkpoint

    def _compare_kept(self, seq: int, hash_: str) -> None:
        for checkpoint in self._kept_at.pop(seq, ()):
            if checkpoint.hash.hex() != hash_:
                self._say(
                    f"the chain up to record {seq} is not the one that the kept checkpoint was signed for: "
                    "it was rewritten",
                    seq,
                )
            else:
                self._found.notes.append(f"fits the kept checkpoint at record {seq}, signed {checkpoint.signed_at}")

    def _compare_kept_beyond(self) -> None:
        for seq, checkpoints in self._kept_at.items():
            for checkpoint in checkpoints:
                if seq > self._seq:
                    self._whole(
                        f"the kept checkpoint is at record {seq}, signed {checkpoint.signed_at}, and the export ends "
                        f"with record {self._seq}: its end was cut off"
                    )
                else:
                    self._found.notes.append(
                        f"the kept checkpoint at record {seq} is from before the beginning and cannot be compared"
                    )

    def _say(self, description: str, seq: int = 0) -> None:
        if len(self._found.problems) < MOST_PROBLEMS:
            self._found.problems.append(Problem(self._line, seq, description))

    def _whole(self, description: str) -> None:
        self._found.problems.append(Problem(0, 0, description))


def verify_lines(
    content: Iterable[str],
    keys: PublicKeys,
    *,
    kept: Iterable[Checkpoint] = (),
    moved: Callable[[int], None] | None = None,
) -> Verification:
    """What is found in the lines of an export. `moved` is told now and then how many lines were taken."""
    verifier = TrailVerifier(keys, kept=kept)
    count = 0
    for count, text in enumerate(content, 1):
        verifier.take(text.removesuffix("\n"))
        if moved is not None and count % 1000 == 0:
            moved(count)
    if moved is not None:
        moved(count)
    return verifier.finish()


def verify_file(
    path: Path | str,
    keys: PublicKeys,
    *,
    kept: Sequence[Checkpoint] = (),
    moved: Callable[[int], None] | None = None,
) -> Verification:
    """What is found in the file of an export, compressed or not. Raises OSError when it cannot be read."""
    with open_trail(path) as (content, _):
        return verify_lines(content, keys, kept=kept, moved=moved)


@contextmanager
def open_trail(path: Path | str) -> Iterator[tuple[Iterator[str], Callable[[], int]]]:
    """The lines of an export, compressed or not, and a function that says how many bytes of the file were read."""
    with Path(path).open("rb") as file:
        is_compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        raw = gzip.GzipFile(fileobj=file) if is_compressed else file
        text = io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="\n")
        yield _lines(text), file.tell


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    try:
        while line := text.readline(_LONGEST_LINE):
            yield line
    except (EOFError, zlib.error, gzip.BadGzipFile):
        # What is missing then is missing as if the file had been cut off there; the damage is a line that is none.
        yield "the compressed file is damaged or cut off"


def _is_parsers(error: ValueError) -> bool:
    """Whether the words are those of a parser, which say nothing to whoever reads them here."""
    return type(error) is not ValueError or str(error).startswith(("non-hexadecimal", "Invalid isoformat"))
