"""The sockets that gRPC holds, by their descriptors: gRPC can neither close its listener alone nor count its callers.

`grpc.Server.stop` closes the listener, says goodbye to the connections and refuses what arrives meanwhile, all at once.
Calls that were on their way are lost: about 8 for each stop under the load of 64 callers. Here the listener goes alone,
and the connections end by their age, which loses nothing.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SO_ATTACH_FILTER = 26
_SYN = 0x02
_SYN_OR_ACK = 0x12
_FLAGS_OFFSET = 13
_EMPTY_SECONDS = 1.0
"""How long a listener is waited for that always has somebody at the door."""
_POLL_SECONDS = 0.001
# Classic BPF over the TCP header: drop what carries SYN without ACK, keep all else.
_REFUSE_NEW_CONNECTIONS = (
    (0x30, 0, 0, _FLAGS_OFFSET),  # load the byte of flags
    (0x54, 0, 0, _SYN_OR_ACK),  # keep SYN and ACK of it
    (0x15, 0, 1, _SYN),  # SYN alone?
    (0x06, 0, 0, 0),  # yes: drop
    (0x06, 0, 0, 0xFFFFFFFF),  # no: keep
)


def refuse_new_connections(port: int) -> bool:
    """From here on the listeners of this process take no new connection; those under way are still completed.

    The caller's system asks again a second later and then finds another process that listens on the port. Returns
    whether the system lets us: only Linux can do that, and some kernels keep filters of sockets to root. Without it a
    connection in the very moment of closing is reset.
    """
    if sys.platform != "linux":
        return False
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _REFUSE_NEW_CONNECTIONS)
    program = ctypes.create_string_buffer(code)
    reference = struct.pack("HL", len(_REFUSE_NEW_CONNECTIONS), ctypes.addressof(program))
    with _descriptors(port) as found:
        for _, sock in found:
            if _listens(sock):
                try:
                    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, reference)
                except OSError:
                    return False
    return True


def close_listeners(port: int) -> None:
    """Closes the listeners of this process on the port, and nothing else.

    gRPC keeps its descriptor, which now leads to a socket that never hears anything; so it does not notice, and there
    is nothing it would log.
    """
    with _descriptors(port) as found:
        for descriptor, sock in found:
            if _listens(sock):
                with socket.socket(sock.family, socket.SOCK_STREAM) as deaf:
                    deaf.setblocking(False)  # noqa: FBT003 - the name of the method says what is set
                    _replace_when_empty(descriptor, sock.detach(), deaf.fileno())


def _replace_when_empty(descriptor: int, copy: int, deaf: int) -> None:
    """Puts the deaf socket in the place of a listener in a moment when no connection waits in it to be accepted.

    What waits is reset with the listener. Between the look and the end no other thread may run, so the three calls keep
    the interpreter's lock, which those of `os` let go of.
    """
    libc = ctypes.PyDLL(None)
    waiting = struct.pack("ihh", copy, select.POLLIN, 0)
    ends_at = time.monotonic() + _EMPTY_SECONDS
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_EMPTY_SECONDS)
    try:
        while True:
            entry = ctypes.create_string_buffer(waiting, len(waiting))
            if libc.poll(entry, 1, 0) == 0 or time.monotonic() > ends_at:
                libc.close(copy)
                libc.dup2(deaf, descriptor)
                break
            time.sleep(_POLL_SECONDS)
    finally:
        sys.setswitchinterval(interval)
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - as above


def count_connections(port: int) -> int:
    """How many connections of callers this process holds."""
    with _descriptors(port) as found:
        return sum(_has_peer(sock) for _, sock in found)


@contextmanager
def _descriptors(port: int) -> Iterator[list[tuple[int, socket.socket]]]:
    """The TCP sockets of this process on the local port, with the number each has; closed again afterwards."""
    found: list[tuple[int, socket.socket]] = []
    try:
        for entry in list(Path("/dev/fd").iterdir()):
            descriptor = int(entry.name)
            sock = _duplicate(descriptor)
            if sock is None:
                continue
            if _local_port(sock) == port:
                found.append((descriptor, sock))
            else:
                sock.close()
        yield found
    finally:
        for _, sock in found:
            sock.close()


def _duplicate(descriptor: int) -> socket.socket | None:
    try:
        # A copy, because gRPC may close the descriptor and open another under its number at any moment.
        copy = os.dup(descriptor)
    except OSError:
        return None
    if not stat.S_ISSOCK(os.fstat(copy).st_mode):
        os.close(copy)
        return None
    return socket.socket(fileno=copy)


def _local_port(sock: socket.socket) -> int | None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        return None
    try:
        port = sock.getsockname()[1]
    except OSError:
        return None
    return int(port)


def _listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _has_peer(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
