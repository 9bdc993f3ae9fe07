"""The decisive attempts to get out, made by a child against itself before a pool is used.

    answer(zygote_pid)      # sends {"read a file": true, ...}: what was held

Executing another program is tried last, since nothing is left to answer when it succeeds: a second frame says that it was held.
Each is made through Python's own functions or straight at the kernel, never at the harness. One that succeeds does no harm.
"""

import ctypes
import json
import mmap
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from astra_data.sandbox.jail import kernel
from astra_data.sandbox.jail.confinement import CHANNEL
from astra_data.sandbox.jail.syscalls import TABLES


def answer(zygote: int) -> NoReturn:
    """Make all attempts and send which were held, as a frame of JSON."""
    attempts = ATTEMPTS | {"signal the zygote": lambda: os.kill(zygote, 0)}
    payload = json.dumps({name: held(attempt) for name, attempt in attempts.items()})
    _send(payload.encode())
    if held(lambda: os.execv("/bin/true", ["true"])):
        _send(b"true")
    os._exit(0)


def _send(payload: bytes) -> None:
    os.write(CHANNEL, struct.pack("<I", len(payload)) + payload)


def held(attempt: Callable[[], object]) -> bool:
    """Whether the attempt failed."""
    try:
        attempt()
    except (OSError, MemoryError, ValueError):
        return True
    return False


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect(("127.0.0.1", 9))


def _executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY if hard != resource.RLIM_INFINITY else hard))


def _be_root() -> None:
    if os.getuid() != 0:
        os.setuid(0)


def _allocate() -> None:
    memory = mmap.mmap(-1, sys.maxsize >> 17, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
    memory.close()


def _raw(name: str, *arguments: int) -> Callable[[], object]:
    return lambda: kernel.system_call(TABLES[kernel.MACHINE].refused[name], *arguments)


def _ring() -> None:
    room = ctypes.create_string_buffer(120)
    kernel.system_call(TABLES[kernel.MACHINE].refused["io_uring_setup"], 1, ctypes.addressof(room))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "list a folder": lambda: next(Path("/").iterdir(), None),
    "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "write a file": lambda: os.open("/tmp", os.O_WRONLY | os.O_TMPFILE, 0o600),
    "connect a socket": _connect,
    "pair sockets": socket.socketpair,
    "fork": _fork,
    "executable memory": _executable_memory,
    "raise a limit": _raise_limit,
    "be root": _be_root,
    "memory without end": _allocate,
    "memory file": lambda: os.memfd_create("astra"),
    "new namespaces": _raw("unshare", 0x10000000),
    "io_uring": _ring,
}
