"""The layers that hold a child, each on its own, and what of them a zygote takes up once.

    report = lock_in(frozenset(LAYERS))      # {"namespaces": [...], "landlock": 7, "uid": 65534, ...}

Every layer is taken up as far as the system lets us, and reported as it is.
"""

import os
import resource
from contextlib import suppress
from typing import Final, TypedDict

from astra_data.sandbox.jail import kernel, landlock, namespaces, seccomp
from astra_data.sandbox.jail.syscalls import TABLES

LAYERS: Final = ("uid", "namespaces", "landlock", "limits", "seccomp")
NOBODY: Final = 65534
DESCRIPTORS: Final = 64


class Report(TypedDict):
    """What holds in a zygote. `landlock` is the version of the kernel's Landlock, 0 if it does not hold."""

    namespaces: list[str]
    landlock: int
    uid: int
    limits: bool
    seccomp: bool
    addresses: bool


def lock_in(layers: frozenset[str]) -> Report:
    """Take up the layers that are for a whole zygote. It opens no file afterwards."""
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, DESCRIPTORS)):
        resource.setrlimit(limit, (value, value))
    names: tuple[str, ...] = ()
    if "namespaces" in layers and os.getuid() == 0:
        names = namespaces.enter(user=False)
    if "uid" in layers and os.getuid() == 0:
        _drop_root()
    if "namespaces" in layers and not names:
        kernel.set_option(kernel.PR_SET_DUMPABLE, 1)
        names = namespaces.enter(user=True)
        namespaces.drop_capabilities()
    kernel.set_option(kernel.PR_SET_NO_NEW_PRIVS, 1)
    version = landlock.restrict() if "landlock" in layers else 0
    kernel.set_option(kernel.PR_SET_DUMPABLE, 0)
    return {
        "namespaces": list(names), "landlock": version, "uid": os.getuid(), "limits": "limits" in layers,
        "seccomp": "seccomp" in layers and filter_works(), "addresses": kernel.fixed_addresses(),
    }


def _drop_root() -> None:
    with suppress(OSError):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def filter_works() -> bool:
    """Whether a process of ours can go under the system call filter; tried in one that ends at once."""
    if kernel.MACHINE not in TABLES:
        return False
    if not (pid := os.fork()):
        with suppress(BaseException):
            seccomp.install(seccomp.program(TABLES[kernel.MACHINE]))
            os._exit(0)
        os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
