"""The system call filter of a child: a list of what is allowed, written as a program for the kernel's packet filter.

    install(program(X86_64))        # for this process, for ever

Anything not in the list fails with EPERM, which Python raises as `PermissionError`. Calls of another architecture, which would be
counted with other numbers (x32 among them), kill the process.
"""

import ctypes
import errno
import struct
from collections.abc import Callable, Iterable
from typing import Any, Final

from astra_data.sandbox.jail import kernel
from astra_data.sandbox.jail.syscalls import X86_64, Table

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, THIRD_ARGUMENT = 0, 4, 32
X32_BIT: Final = 0x40000000
PROT_EXEC: Final = 4
Instruction = tuple[int, int, int, int]


def program(table: Table) -> bytes:
    """The filter of a child, as the kernel reads it: (code u16, jump if true u8, jump if not u8, value u32) each.

    The kernel runs it for every number there is when it is installed, so numbers are looked up by halving.
    """
    answers = [
        *((number, _unless_executable()) for number in table.mapping.values()),
        *((number, _answer(ALLOW)) for number in table.allowed.values()),
        *((number, _answer(FAIL | errno.ENOSYS)) for number in table.absent.values()),
        *((number, _answer(FAIL | errno.ENOTTY)) for number in table.no_terminal.values()),
    ]
    return assembled([*_of_this_machine(table), *_chosen(_runs(dict(answers), _answer(FAIL | errno.EPERM)))])


def assembled(instructions: Iterable[Instruction]) -> bytes:
    return b"".join(struct.pack("HBBI", *one) for one in instructions)


def install(filter_: bytes) -> None:
    """Put this process under the filter. Raises `OSError` where the kernel has no seccomp or does not let us."""
    installation(filter_)()


def installation(filter_: bytes) -> Callable[[], None]:
    """What puts a process under the filter when it is called; see `install`."""
    code = ctypes.create_string_buffer(filter_, len(filter_))
    head = struct.pack("HxxxxxxP", len(filter_) // 8, ctypes.addressof(code))
    header = ctypes.create_string_buffer(head, len(head))
    no_new_privileges = kernel.bound(kernel.LIBC.prctl, kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    under_filter = kernel.bound(kernel.LIBC.prctl, kernel.PR_SET_SECCOMP, 2, ctypes.addressof(header), 0, 0)

    def put(_kept: Any = (code, header)) -> None:
        no_new_privileges()
        under_filter()

    return put


def _of_this_machine(table: Table) -> list[Instruction]:
    guard = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, table.arch), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    return [*guard, (AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)] if table is X86_64 else guard


def _answer(action: int) -> list[Instruction]:
    return [(RETURN, 0, 0, action)]


def _unless_executable() -> list[Instruction]:
    return [(LOAD, 0, 0, THIRD_ARGUMENT), (ANY_BIT, 0, 1, PROT_EXEC), *_answer(FAIL | errno.EACCES), *_answer(ALLOW)]


def _runs(answers: dict[int, list[Instruction]], otherwise: list[Instruction]) -> list[tuple[int, list[Instruction]]]:
    """(first number, what is done with it and those up to the next run) from 0 on."""
    runs = [(0, answers.get(0, otherwise))]
    for number in sorted({*answers, *(each + 1 for each in answers)}):
        if (done := answers.get(number, otherwise)) != runs[-1][1]:
            runs.append((number, done))
    return runs


def _chosen(runs: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Finds the run of the number that is loaded, by halves."""
    if len(runs) == 1:
        return runs[0][1]
    middle = len(runs) // 2
    below = _chosen(runs[:middle])
    return [(AT_LEAST, len(below), 0, runs[middle][0]), *below, *_chosen(runs[middle:])]
