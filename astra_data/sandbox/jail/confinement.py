"""What a child takes up after its fork and before anything of an image is run in it.

    confine(socket, Confinement(memory=256 << 20, cpu_s=300, seccomp=True, landlock=True, limits=True), parent)

Afterwards it holds one descriptor, `CHANNEL`, and can neither raise its limits nor make a system call that is not listed.
"""

import os
import resource
import signal
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from astra_data.sandbox.jail import kernel, landlock, seccomp
from astra_data.sandbox.jail.layers import DESCRIPTORS
from astra_data.sandbox.jail.syscalls import TABLES

CHANNEL: Final = 3


@dataclass(frozen=True, slots=True)
class Confinement:
    """`memory` is the address space in bytes beyond what the zygote has, `cpu_s` whole seconds for the life of the child."""

    memory: int
    cpu_s: int
    seccomp: bool
    landlock: bool
    limits: bool


@lru_cache(maxsize=1)
def system_call_filter() -> bytes:
    return seccomp.program(TABLES[kernel.MACHINE])


def confine(socket: int, confinement: Confinement, parent: int, base: int) -> None:
    """`parent` is the zygote's pid, `base` its address space in bytes. Ends the process if the zygote is gone already."""
    if socket != CHANNEL:
        os.dup2(socket, CHANNEL)
    os.closerange(0, CHANNEL)
    os.closerange(CHANNEL + 1, DESCRIPTORS)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.set_option(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    if confinement.landlock:
        landlock.restrict()
    if confinement.limits:
        _limit(confinement, base)
    if confinement.seccomp:
        seccomp.install(system_call_filter())


def _limit(confinement: Confinement, base: int) -> None:
    limits = (
        (resource.RLIMIT_AS, base + confinement.memory), (resource.RLIMIT_CPU, confinement.cpu_s),
        (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, CHANNEL + 1),
    )
    for limit, value in limits:
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
