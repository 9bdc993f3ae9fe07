"""The numbers of system calls are the kernel's own."""

import re
import struct
from pathlib import Path

import pytest

from astra_data.sandbox.jail import seccomp
from astra_data.sandbox.jail.syscalls import AARCH64, TABLES, X86_64, Table

GENERIC = Path("/usr/include/asm-generic/unistd.h")
X86 = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")]
NUMBER = re.compile(r"#define __NR(?:3264)?_(\w+)\s+(\d+)")
KNOWN = {
    "read": 63, "write": 64, "openat": 56, "close": 57, "mmap": 222, "munmap": 215, "brk": 214, "futex": 98, "exit_group": 94,
    "exit": 93, "rt_sigreturn": 139, "getpid": 172, "clock_gettime": 113, "getrandom": 278, "mprotect": 226, "execve": 221,
    "clone": 220, "socket": 198,
}
NEVER = {"openat", "execve", "clone", "socket"}


def named(table: Table) -> dict[str, int]:
    groups = (table.allowed, table.mapping, table.absent, table.no_terminal, table.jail, table.refused)
    return {name: number for group in groups for name, number in group.items()}


def in_headers(paths: list[Path]) -> dict[str, int]:
    """Name -> number, from the first of the files that is there."""
    for path in filter(Path.exists, paths):
        return {name: int(number) for name, number in NUMBER.findall(path.read_text(encoding="utf-8"))}
    pytest.skip("the kernel's headers are not installed")


@pytest.mark.parametrize(("table", "paths"), [(AARCH64, [GENERIC]), (X86_64, X86)], ids=["aarch64", "x86_64"])
def test_numbers_are_those_of_the_headers(table: Table, paths: list[Path]) -> None:
    headers = in_headers(paths)
    assert {name: headers.get(name) for name in named(table)} == named(table)


def test_numbers_of_aarch64_that_are_known_by_heart() -> None:
    table = named(AARCH64)
    assert {name: table[name] for name in KNOWN if name in table} == {name: KNOWN[name] for name in KNOWN.keys() - NEVER}
    assert {verdict(AARCH64, KNOWN[name]) for name in NEVER} == {seccomp.FAIL | 1}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_nothing_is_allowed_that_opens_connects_or_starts(table: Table) -> None:
    allowed = table.allowed.keys() | table.mapping.keys()
    words = ("open", "socket", "connect", "exec", "fork", "clone", "kill", "ptrace", "send", "pipe", "unlink", "rename", "prctl")
    assert {name for name in allowed for word in words if word in name} == set()
    assert not set(table.allowed.values()) & {*table.refused.values(), *table.absent.values(), *table.jail.values()}


def test_both_tables_allow_the_same_but_for_calls_that_aarch64_has_not() -> None:
    assert X86_64.allowed.keys() - AARCH64.allowed.keys() == {"alarm", "time"}
    assert AARCH64.allowed.keys() <= X86_64.allowed.keys()


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_filter_does_with_each_number_what_the_table_says(table: Table) -> None:
    assert {verdict(table, number) for number in table.allowed.values()} == {seccomp.ALLOW}
    for number in table.mapping.values():
        assert [verdict(table, number, third=third) for third in (3, 4, 7)] == [seccomp.ALLOW, *[seccomp.FAIL | 13] * 2]
    refused = {*range(500), *table.refused.values()} - {
        *table.allowed.values(), *table.mapping.values(), *table.absent.values(), *table.no_terminal.values(),
    }
    assert {verdict(table, number) for number in refused} == {seccomp.FAIL | 1}
    assert verdict(table, table.allowed["read"], arch=table.arch ^ 1) == seccomp.KILL


def test_calls_of_x32_kill() -> None:
    assert verdict(X86_64, 0x40000000) == seccomp.KILL


def verdict(table: Table, number: int, third: int = 0, arch: int | None = None) -> int:
    """What the filter's program answers, run as the kernel would."""
    data = {seccomp.NUMBER: number, seccomp.ARCHITECTURE: table.arch if arch is None else arch, seccomp.THIRD_ARGUMENT: third}
    program = list(struct.iter_unpack("HBBI", seccomp.program(table)))
    tests = {
        seccomp.EQUAL: lambda value, wanted: value == wanted, seccomp.AT_LEAST: lambda value, wanted: value >= wanted,
        seccomp.ANY_BIT: lambda value, wanted: bool(value & wanted),
    }
    place = loaded = 0
    while True:
        code, if_true, if_not, value = program[place]
        place += 1
        if code == seccomp.RETURN:
            return int(value)
        if code == seccomp.LOAD:
            loaded = data[value]
        else:
            place += if_true if tests[code](loaded, value) else if_not
