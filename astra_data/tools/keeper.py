"""The parent of a server's process, to which whatever the server leaves behind falls, and which ends with all of it.

    python -I -S keeper.py 7 uvx mcp-server-git         # 7: a pipe; at its end everything is killed

On Linux every orphan below it becomes its child, one that has left the group or emptied its environment too. It kills only
children that it has not reaped, whose numbers can be nobody else's. Elsewhere it kills its group. Standard library alone.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress

SET_CHILD_SUBREAPER = 36
CHILDREN = "/proc/thread-self/children"


def main(control: int, command: list[str]) -> None:
    """Run the command until it ends, or the pipe does; then kill what is left of it."""
    os.set_inheritable(control, False)
    adopting = _adopt()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server = os.fork()
    if not server:
        _become(command)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    while control not in select.select([control, woken], [], [])[0]:
        os.read(woken, 4096)
        if server in _reaped():
            break
    _kill_children() if adopting else os.killpg(0, signal.SIGKILL)


def _adopt() -> bool:
    """Become the parent of all orphans below. False where there is no such thing, or no list of children."""
    if sys.platform != "linux" or not os.access(CHILDREN, os.R_OK):
        return False
    with suppress(ImportError, AttributeError, OSError):
        import ctypes

        return bool(ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    return False


def _become(command: list[str]) -> None:
    """Be the server from here on."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode(errors="replace"))
    os._exit(127)


def _reaped() -> set[int]:
    """The children that have ended."""
    found = set[int]()
    with suppress(ChildProcessError):
        while child := os.waitpid(-1, os.WNOHANG)[0]:
            found.add(child)
    return found


def _kill_children() -> None:
    """The children, then theirs, which become ours, until there is none."""
    with suppress(ChildProcessError):
        while True:
            with open(CHILDREN) as file:  # noqa: PTH123  (half the start-up time would be that of `pathlib`)
                children = file.read().split()
            for child in children:
                with suppress(PermissionError):
                    os.kill(int(child), signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.001)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
