"""A forked process and the line to it: orders go down, states come up, and its end closes the line."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import NoReturn


class Order(enum.Enum):
    """What a supervisor tells a worker."""

    DRAIN = b"d"
    """End without losing a call; callers find other workers."""
    FINISH = b"f"
    """End without losing a call; there is no other worker."""
    STOP = b"s"
    """End now, with a short grace for what runs."""
    ABANDON = b"a"
    """End now, whatever runs."""


class State(enum.Enum):
    """What a child says about itself."""

    STARTING = b"."
    SERVING = b"+"
    AWAY = b"-"
    """It runs, and what it depends on is away."""
    ENDING = b"e"


class Child:
    """A child process as its parent sees it."""

    def __init__(self, pid: int, line: socket.socket, *, index: int, seat: int) -> None:
        self.pid = pid
        self.line = line
        self.index = index
        """Which of the workers it is, from 0; a replacement takes over the index."""
        self.seat = seat
        """A number that no other living child has; a replacement has another one while the old child lives."""
        self.state = State.STARTING
        self.started_at = time.monotonic()
        self.has_served = False
        self.ordered: Order | None = None
        self.kill_at: float | None = None
        """When it is killed if it has not ended by then."""

    def order(self, order: Order, *, within: float) -> None:
        """Tells the child, which has this many seconds to obey."""
        self.ordered = order
        self.kill_at = time.monotonic() + within
        with contextlib.suppress(OSError):
            self.line.send(order.value)

    def listen(self) -> bool:
        """Takes in what the child has said; False when the line is closed because the child has ended."""
        try:
            said = self.line.recv(64)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for byte in said:
            self.state = State(bytes([byte]))
            self.has_served = self.has_served or self.state is State.SERVING
        return bool(said)

    def reap(self) -> int | None:
        """The exit status, negative for a signal; None while the child lives."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return None if pid == 0 else os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """Ends it without asking."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def fork(
    work: Callable[[socket.socket], int], *, index: int, seat: int, inherited: Iterable[socket.socket] = ()
) -> Child:
    """Starts a process that does the work and ends with its result; returns in the parent alone.

    `inherited` are the parent's ends of the lines to other children: a copy that stays open would hide the parent's
    death from them.
    """
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        ours.close()
        for line in inherited:
            line.close()
        _live(work, theirs)
    theirs.close()
    ours.setblocking(False)  # noqa: FBT003 - the name of the method says what is set
    return Child(pid, ours, index=index, seat=seat)


def _live(work: Callable[[socket.socket], int], line: socket.socket) -> NoReturn:
    """Never returns into the code of the parent, whose exit handlers would stop what is not the child's."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        # Ctrl-C reaches the whole group of the terminal; the supervisor decides what it means.
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = work(line)
    except BaseException:  # noqa: BLE001 - the last place where it can be seen
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
