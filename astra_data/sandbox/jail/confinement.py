"""What a child takes up after its fork and before anything of an image is run in it.

    confinement = Confinement.prepared(report, base)                    # in the zygote
    confinement.take_up(socket, memory=256 << 20, cpu_s=300)            # in each child

Afterwards the child holds one descriptor, `CHANNEL`, and can neither raise its limits nor make a system call that is not listed.
"""

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from astra_data.sandbox.jail import kernel, landlock, seccomp
from astra_data.sandbox.jail.layers import DESCRIPTORS, Report
from astra_data.sandbox.jail.syscalls import TABLES

CHANNEL: Final = 3
LIMITS: Final = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)


@dataclass(frozen=True, slots=True)
class Confinement:
    """`zygote` is its pid, `base` its address space in bytes, `hard` its hard limits by limit. `filter` and `domain` take up
    seccomp and Landlock. What is null is left out."""

    zygote: int
    base: int
    end_with_parent: Callable[[], None]
    hard: dict[int, int] | None
    domain: Callable[[], None] | None
    filter: Callable[[], None] | None

    @classmethod
    def prepared(cls, report: Report, base: int) -> "Confinement":
        """The layers that hold here. Opens a descriptor, which the children close. Raises `OSError`."""
        return cls(
            os.getpid(), base, kernel.bound(kernel.LIBC.prctl, kernel.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
            {limit: resource.getrlimit(limit)[1] for limit in LIMITS} if report["limits"] else None,
            landlock.entry(landlock.empty_domain()) if report["landlock"] else None,
            seccomp.installation(seccomp.program(TABLES[kernel.MACHINE])) if report["seccomp"] else None,
        )

    def take_up(self, socket: int, memory: int, cpu_s: int) -> None:
        """`memory` is the address space in bytes beyond what the zygote has, `cpu_s` whole seconds for the life of the child.
        Ends the process if the zygote is gone already. Raises `OSError` if a layer cannot be taken up."""
        if self.domain is not None:
            self.domain()
        if socket != CHANNEL:
            os.dup2(socket, CHANNEL)
        os.closerange(0, CHANNEL)
        os.closerange(CHANNEL + 1, DESCRIPTORS)
        self.end_with_parent()
        if os.getppid() != self.zygote:
            os._exit(0)
        if self.hard is not None:
            for limit, value in zip(LIMITS, (self.base + memory, cpu_s, 0, 0, CHANNEL + 1), strict=True):
                hard = self.hard[limit]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(limit, (value, value))
        if self.filter is not None:
            self.filter()
