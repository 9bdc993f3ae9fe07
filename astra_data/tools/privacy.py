"""This process, closed to those that it starts: none of them reads its memory, or its environment in `/proc`.

    close_process()         # at the start of a command, or of a run

On Linux, and for good: no debugger of the same user gets in, and a crash leaves no core file. What we start (servers, the
sandbox) executes a program, and so is as open as ever. The rights of root open everything; `take_right_to_look` takes the one by
which a child of root would look into us from all that is started later.
"""

import ctypes
import sys

SET_DUMPABLE = 4
DROP_RIGHT = 24
CAP_SYS_PTRACE = 19


def close_process() -> None:
    """Make this process one that others of the same user cannot look into. Does nothing where there is no such thing."""
    _control(SET_DUMPABLE, 0)


def take_right_to_look() -> None:
    """Take the right to trace other users' processes from all programs that this one starts from now on, if it has it."""
    _control(DROP_RIGHT, CAP_SYS_PTRACE)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
