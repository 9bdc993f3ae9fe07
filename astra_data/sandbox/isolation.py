"""What holds the code in a sandbox here, and what does not.

    isolation = judged(report, held)
    isolation.degraded      # ("landlock: this kernel has none or does not let us",)

`strict` asks for the system call filter, the limits, a user other than root, a second lock on files and network (Landlock or
namespaces), and that every attempt of the self-test is held.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from astra_data.errors import SandboxError
from astra_data.sandbox.jail.layers import LAYERS, Report

MENDS = {
    "seccomp": "let the process use seccomp filters, on Linux for x86_64 or aarch64 (containers: the default profile does)",
    "limits": "leave the limits on",
    "uid": "run as another user than root, or with CAP_SETUID",
    "second lock": "allow user namespaces, or use a kernel from 5.13 on with Landlock",
}


@dataclass(frozen=True, slots=True)
class Isolation:
    """`landlock` is the version of the kernel's Landlock, 0 if it does not hold; `uid` the user that the code runs as.

    `addresses`: objects lie at the same addresses each time, so that even the order of a set of objects repeats. `degraded` names
    what is missing, in words; `failed` the attempts of the self-test that got through.
    """

    backend: str
    seccomp: bool
    landlock: int
    namespaces: tuple[str, ...]
    uid: int
    limits: bool
    addresses: bool
    failed: tuple[str, ...]
    degraded: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What `strict` asks for and is not here; keys of `MENDS`, or the attempts that got through."""
        whole = {
            "seccomp": self.seccomp, "limits": self.limits, "uid": self.uid != 0,
            "second lock": self.landlock > 0 or "empty root" in self.namespaces,
        }
        return (*(name for name, holds in whole.items() if not holds), *self.failed)

    def __str__(self) -> str:
        landlock = f"Landlock {self.landlock}" if self.landlock else "no Landlock"
        namespaces = "namespaces" if "empty root" in self.namespaces else "no namespaces"
        level = "strict" if not self.missing else "best effort only"
        return f"{level}: {'seccomp' if self.seccomp else 'no seccomp'}, {landlock}, {namespaces}, uid {self.uid}"


def judged(report: Report, held: Mapping[str, bool]) -> Isolation:
    """From what a zygote reports and which attempts its child held."""
    failed = tuple(name for name, was_held in held.items() if not was_held)
    layers = {
        "seccomp": report["seccomp"], "limits": report["limits"], "landlock": report["landlock"] > 0,
        "namespaces": "empty root" in report["namespaces"], "uid": report["uid"] != 0,
    }
    words = {
        "seccomp": "system calls are not filtered", "limits": "memory and processes are not limited",
        "landlock": "this kernel has none, or does not let us", "namespaces": "this system does not let us make an empty root",
        "uid": "the code runs as root",
    }
    degraded = [f"{layer}: {words[layer]}" for layer in LAYERS if not layers[layer]]
    degraded += [f"self-test: not held - {name}" for name in failed]
    return Isolation(
        backend="process", seccomp=report["seccomp"], landlock=report["landlock"], namespaces=tuple(report["namespaces"]),
        uid=report["uid"], limits=report["limits"], addresses=report["addresses"], failed=failed, degraded=tuple(degraded),
    )


def demand_strict(isolation: Isolation) -> None:
    """Raises `SandboxError` that names what is missing and the mend."""
    if missing := isolation.missing:
        mends = [MENDS.get(name, f"find out why the attempt {name!r} got through") for name in missing]
        raise SandboxError(
            f"code cannot be isolated strictly here: missing {', '.join(missing)}",
            mend=f"{'; '.join(mends)}; or ask for isolation best_effort, for code that you trust",
        )
