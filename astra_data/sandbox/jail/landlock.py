"""Landlock: a domain without a rule, so that nothing of the file system can be opened and no port bound or connected to.

    restrict()      # 7, the version of the kernel's Landlock, or 0 where there is none

From version 6 on signals and abstract sockets do not leave the domain either. A child enters a domain of its own inside that
of its zygote, so that it cannot signal the zygote.
"""

import os
import struct
from collections.abc import Callable
from functools import lru_cache

from astra_data.sandbox.jail import kernel
from astra_data.sandbox.jail.syscalls import TABLES

# (since version, access rights of the file system): execute to make_sym, refer, truncate, ioctl_dev.
FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
NET_SINCE, NET_RIGHTS = 4, 0b11
SCOPE_SINCE, SCOPES = 6, 0b11


@lru_cache(maxsize=1)
def version() -> int:
    """Of the kernel's Landlock; 0 where it has none or does not let us."""
    try:
        return kernel.system_call(_number("landlock_create_ruleset"), None, 0, 1)
    except (OSError, KeyError):
        return 0


def attributes(abi: int) -> bytes:
    """The kernel's `landlock_ruleset_attr` with everything that this version can forbid."""
    files = sum(rights for since, rights in FILE_RIGHTS if abi >= since)
    words = [files] + ([NET_RIGHTS] if abi >= NET_SINCE else []) + ([SCOPES] if abi >= SCOPE_SINCE else [])
    return struct.pack(f"{len(words)}Q", *words)


def empty_domain() -> int:
    """A descriptor of a domain without a rule. Raises `OSError` where there is no Landlock."""
    rules = attributes(version())
    return kernel.system_call(_number("landlock_create_ruleset"), rules, len(rules), 0)


def entry(domain: int) -> Callable[[], None]:
    """What enters a domain, as often as it is called. It needs no-new-privileges, and raises `OSError` where it is not let in."""
    return kernel.bound(kernel.LIBC.syscall, _number("landlock_restrict_self"), domain, 0)


def restrict() -> int:
    """Enter an empty domain. The version that holds, 0 if none does. Needs no-new-privileges."""
    if not version():
        return 0
    try:
        domain = empty_domain()
    except OSError:
        return 0
    try:
        entry(domain)()
    except OSError:
        return 0
    finally:
        os.close(domain)
    return version()


def _number(name: str) -> int:
    return TABLES[kernel.MACHINE].jail[name]
