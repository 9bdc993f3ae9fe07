"""Numbers of system calls, and what the filter of a child does with them, for each kind of machine.

    TABLES["x86_64"].allowed["read"] == 0

`allowed` is what CPython needs to compute, to tell the time and to answer on a socket that is open already: nothing here opens,
creates, connects, sends a descriptor or a signal, or starts a thread or a process. Numbers are those of the kernel's
`arch/x86/entry/syscalls/syscall_64.tbl` and, for aarch64, `include/uapi/asm-generic/unistd.h`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Table:
    """`arch` is the AUDIT_ARCH constant. `mapping` calls are allowed unless they ask for executable memory (third argument)."""

    arch: int
    allowed: dict[str, int]
    mapping: dict[str, int]
    absent: dict[str, int]
    no_terminal: dict[str, int]
    jail: dict[str, int]
    refused: dict[str, int]


X86_64: Final = Table(
    arch=0xC000003E,
    allowed={
        "read": 0, "write": 1, "brk": 12, "munmap": 11, "mremap": 25, "madvise": 28, "clock_gettime": 228, "futex": 202,
        "getrusage": 98, "close": 3, "fstat": 5, "lseek": 8, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
        "sched_yield": 24, "nanosleep": 35, "getitimer": 36, "alarm": 37, "setitimer": 38, "getpid": 39, "exit": 60, "getcwd": 79,
        "gettimeofday": 96, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110,
        "sigaltstack": 131, "gettid": 186, "time": 201, "sched_getaffinity": 204, "restart_syscall": 219, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "getrandom": 318,
    },
    mapping={"mmap": 9, "mprotect": 10},
    absent={"clone3": 435},
    no_terminal={"ioctl": 16},
    jail={"seccomp": 317, "capset": 126, "pivot_root": 155,
          "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446},
    refused={"unshare": 272, "setns": 308, "mount": 165, "memfd_create": 319, "process_vm_readv": 310,
             "io_uring_setup": 425, "bpf": 321, "userfaultfd": 323, "keyctl": 250, "pidfd_open": 434, "prlimit64": 302},
)
AARCH64: Final = Table(
    arch=0xC00000B7,
    allowed={
        "read": 63, "write": 64, "brk": 214, "munmap": 215, "mremap": 216, "madvise": 233, "clock_gettime": 113, "futex": 98,
        "getrusage": 165, "close": 57, "fstat": 80, "lseek": 62, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "sched_yield": 124, "nanosleep": 101, "getitimer": 102, "setitimer": 103, "getpid": 172, "exit": 93, "getcwd": 17,
        "gettimeofday": 169, "times": 153, "getuid": 174, "getgid": 176, "geteuid": 175, "getegid": 177, "getppid": 173,
        "sigaltstack": 132, "gettid": 178, "sched_getaffinity": 123, "restart_syscall": 128, "clock_getres": 114,
        "clock_nanosleep": 115, "exit_group": 94, "getrandom": 278,
    },
    mapping={"mmap": 222, "mprotect": 226},
    absent={"clone3": 435},
    no_terminal={"ioctl": 29},
    jail={"seccomp": 277, "capset": 91, "pivot_root": 41,
          "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446},
    refused={"unshare": 97, "setns": 268, "mount": 40, "memfd_create": 279, "process_vm_readv": 270,
             "io_uring_setup": 425, "bpf": 280, "userfaultfd": 282, "keyctl": 219, "pidfd_open": 434, "prlimit64": 261},
)
TABLES: Final = {"x86_64": X86_64, "aarch64": AARCH64}
