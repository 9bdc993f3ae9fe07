"""System calls that Python has no function for, through ctypes.

    set_option(PR_SET_NO_NEW_PRIVS, 1)

Numbers of system calls are in `syscalls`. A call that fails raises `OSError`.
"""

import ctypes
import os
import platform
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
ADDR_NO_RANDOMIZE: Final = 0x0040000
MACHINE: Final = platform.machine()
LIBC: Final = ctypes.CDLL(None, use_errno=True)


def system_call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call. Integers are passed as machine words, bytes as their address."""
    words = [ctypes.c_ulong(one & 0xFFFFFFFFFFFFFFFF) if isinstance(one, int) else one for one in arguments]
    return _checked(int(LIBC.syscall(ctypes.c_long(number), *words)))


def set_option(option: int, value: int, third: int = 0) -> None:
    """`prctl` with up to three arguments."""
    bound(LIBC.prctl, option, value, third, 0, 0)()


def bound(function: Callable[..., int], *words: int) -> Callable[[], None]:
    """A call of the C library with its words made beforehand: what a child makes anew costs it pages of memory."""
    made = tuple(ctypes.c_ulong(word) for word in words)
    return lambda: _called(function, made)


def fixed_addresses() -> bool:
    """Whether this process runs at addresses that are the same each time."""
    return bool(int(LIBC.personality(ctypes.c_ulong(0xFFFFFFFF))) & ADDR_NO_RANDOMIZE)


def ask_for_fixed_addresses() -> bool:
    """From the next `exec` on. False where the system does not let us."""
    return int(LIBC.personality(ctypes.c_ulong(ADDR_NO_RANDOMIZE))) != -1


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    _checked(int(LIBC.mount(source, target, kind, ctypes.c_ulong(flags), data)))


def unmount_lazily(target: bytes) -> None:
    _checked(int(LIBC.umount2(target, ctypes.c_int(2))))


def unshare(flags: int) -> None:
    _checked(int(LIBC.unshare(ctypes.c_int(flags))))


def _called(function: Callable[..., int], words: tuple[ctypes.c_ulong, ...]) -> None:
    _checked(int(function(*words)))


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
