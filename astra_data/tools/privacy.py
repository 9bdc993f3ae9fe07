"""This process, closed to those that it starts: none of them reads its memory, or its environment in `/proc`.

    close_process()         # at the start of a command, or of a run

On Linux, and for good: no debugger of the same user gets in, and a crash leaves no core file. What we start (servers, the
sandbox) executes a program, and so is as open as ever. Against root, with all its rights, nothing helps.
"""

import ctypes
import sys

SET_DUMPABLE = 4


def close_process() -> None:
    """Make this process one that others of the same user cannot look into. Does nothing where there is no such thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 0, 0, 0, 0)
