"""The system call filter of a child: a list of what is allowed, written as a program for the kernel's packet filter.

    install(program(X86_64))        # for this process, for ever

Anything not in the list fails with EPERM, which Python raises as `PermissionError`. Calls of another architecture, which would be
counted with other numbers (x32 among them), kill the process.
"""

import ctypes
import errno
import struct
from collections.abc import Iterable
from typing import Final

from astra_data.sandbox.jail import kernel
from astra_data.sandbox.jail.syscalls import X86_64, Table

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, THIRD_ARGUMENT = 0, 4, 32
X32_BIT: Final = 0x40000000
PROT_EXEC: Final = 4
Instruction = tuple[int, int, int, int]


def program(table: Table) -> bytes:
    """The filter of a child, as the kernel reads it: (code u16, jump if true u8, jump if not u8, value u32) each."""
    return assembled([
        *_of_this_machine(table),
        *(one for number in table.mapping.values() for one in _not_executable(number)),
        *_answer(table.allowed.values(), ALLOW),
        *_answer(table.absent.values(), FAIL | errno.ENOSYS),
        *_answer(table.no_terminal.values(), FAIL | errno.ENOTTY),
        (RETURN, 0, 0, FAIL | errno.EPERM),
    ])


def assembled(instructions: Iterable[Instruction]) -> bytes:
    return b"".join(struct.pack("HBBI", *one) for one in instructions)


def install(filter_: bytes) -> None:
    """Put this process under the filter. Raises `OSError` where the kernel has no seccomp or does not let us."""
    kernel.set_option(kernel.PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(filter_, len(filter_))
    head = struct.pack("HxxxxxxP", len(filter_) // 8, ctypes.addressof(code))
    header = ctypes.create_string_buffer(head, len(head))
    kernel.set_option(kernel.PR_SET_SECCOMP, 2, ctypes.addressof(header))


def _of_this_machine(table: Table) -> list[Instruction]:
    guard = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, table.arch), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    return [*guard, (AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)] if table is X86_64 else guard


def _not_executable(number: int) -> list[Instruction]:
    return [(EQUAL, 0, 4, number), (LOAD, 0, 0, THIRD_ARGUMENT), (ANY_BIT, 0, 1, PROT_EXEC),
            (RETURN, 0, 0, FAIL | errno.EACCES), (RETURN, 0, 0, ALLOW)]


def _answer(numbers: Iterable[int], action: int) -> list[Instruction]:
    return [one for number in numbers for one in ((EQUAL, 0, 1, number), (RETURN, 0, 0, action))]
