"""Namespaces of the zygote: an empty root, a network without interfaces, no shared memory of others, no host name.

    enter(user=False)       # as root; ("mount", "network", "ipc", "host name", "empty root")
    enter(user=True)        # as anybody, in a user namespace, where the system lets us

`()` where the system does not let us. Entered once by the zygote, so they cost an episode nothing.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path

from astra_data.sandbox.jail import kernel
from astra_data.sandbox.jail.syscalls import TABLES

NEW_MOUNT, NEW_HOST_NAME, NEW_IPC, NEW_USER, NEW_NETWORK = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x40000000
PRIVATE, RECURSIVE = 0x40000, 0x4000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION = 1, 2, 4, 8
NOBODY = 65534


def enter(user: bool) -> tuple[str, ...]:
    """Enter new namespaces, inside a user namespace or not; the names of those that hold."""
    uid, gid = os.getuid(), os.getgid()
    try:
        kernel.unshare(NEW_MOUNT | NEW_HOST_NAME | NEW_IPC | NEW_NETWORK | (NEW_USER if user else 0))
    except OSError:
        return ()
    if user:
        _map_to_nobody(uid, gid)
    names = (*(("user",) if user else ()), "mount", "network", "ipc", "host name")
    return (*names, "empty root") if _empty_root() else names


def drop_capabilities() -> None:
    """Those that a user namespace gave."""
    with suppress(OSError, KeyError):
        header = struct.pack("Ii", 0x20080522, 0)
        kernel.system_call(TABLES[kernel.MACHINE].jail["capset"], header, bytes(24))


def _map_to_nobody(uid: int, gid: int) -> None:
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
        with suppress(OSError):
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _empty_root() -> bool:
    """Replace the root by an empty, read-only file system of 4 kB."""
    flags = READ_ONLY | NO_SUID | NO_DEVICES | NO_EXECUTION
    try:
        kernel.mount(b"none", b"/", None, PRIVATE | RECURSIVE, None)
        kernel.mount(b"tmpfs", b"/tmp", b"tmpfs", flags, b"size=4k,mode=555")
        os.chdir("/tmp")
        kernel.system_call(TABLES[kernel.MACHINE].jail["pivot_root"], b".", b".")
        kernel.unmount_lazily(b".")
        os.chdir("/")
    except (OSError, KeyError):
        return False
    return True
