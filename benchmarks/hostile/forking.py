"""The other side of `host`: imports, then forks for each order that comes in as a line of JSON."""

import atexit
import base64
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
MOST_MB, MOST_OUT = 3_000, 4_000_000
PAUSE_S, GRACE_S = 0.05, 3.0
LIBRARIES = """datasets pyarrow.parquet polars rich.console rich.progress rich.table pydantic huggingface_hub mcp openai httpx2
aiohttp jsonschema_rs rensa py3langid jinja2 yaml astra_data.cli.main astra_data.cli.run astra_data.cli.make astra_data.cli.score
astra_data.cli.convert astra_data.cli.audit astra_data.cli.evaluate astra_data.cli.train astra_data.cli.show astra_data.cli.push
astra_data.cli.pull astra_data.cli.doctor""".split()
TORCH = "torch transformers trl astra_data.training.sft astra_data.training.grpo astra_data.training.run".split()


def main() -> None:
    """Serve orders until there are no more."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    del sys.path[0]  # the folder in which `-m` was run
    with contextlib.redirect_stdout(sys.stderr):
        for name in [*LIBRARIES, *(TORCH if os.environ.get("HOSTILE_TORCH") else [])]:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    orders, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for line in iter(orders.readline, b""):
        order = json.loads(line)
        child, terminals = _forked(order)
        if child == 0:
            orders.close()
            replies.close()
            _act(order)
        replies.write(json.dumps(_watched(child, terminals, order["limit_s"])).encode() + b"\n")
        replies.flush()


def _forked(order: dict[str, Any]) -> tuple[int, list[int]]:
    """(process id, the masters of its two terminals); in the child (0, [])."""
    pairs = [os.openpty() for _ in range(2)]
    for _, end in pairs:
        tty.setraw(end)
    child = os.fork()
    if child:
        for _, end in pairs:
            os.close(end)
        return child, [master for master, _ in pairs]
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, (master, end) in enumerate(pairs, 1):
        os.dup2(end, number)
        os.close(master)
        os.close(end)
    os.chdir(order["cwd"])
    os.environ.update(order["environ"])
    return 0, []


def _act(order: dict[str, Any]) -> None:
    """In the child: be the command. It leaves as an interpreter does, but for taking its modules apart, which takes a second."""
    tempfile.tempdir = None
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv, code = ["astra", *order.get("words", ())], 0
    try:
        if "code" in order:
            exec(compile(order["code"], "<code>", "exec"), {"__name__": "__main__"})
        else:
            importlib.import_module("astra_data.cli.main").main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


def _watched(child: int, terminals: list[int], limit_s: float) -> dict[str, Any]:
    """Read what the command says until it ends, or break it off where it takes too long or too much."""
    begun, said, peak, stopped = time.monotonic(), {end: bytearray() for end in terminals}, 0.0, ""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        _read(said, PAUSE_S)
        if ended:
            break
        peak = max(peak, sum(_megabytes(pid) for pid in [child, *_below(child)]))
        stopped = "memory" if peak > MOST_MB else "time" if time.monotonic() - begun > limit_s * _crowd() else ""
        if stopped:
            for pid in [*_below(child), child]:
                _kill(pid)
            _, status = os.waitpid(child, 0)
            break
    seconds = time.monotonic() - begun
    while _read(said, PAUSE_S):
        pass
    left = _left(wait=not stopped)
    for end in terminals:
        os.close(end)
    out, err = (base64.b64encode(bytes(text)).decode() for text in said.values())
    return {"code": os.waitstatus_to_exitcode(status), "out": out, "err": err, "seconds": seconds, "peak_mb": peak,
            "stopped": stopped, "left": [] if stopped else left}


def _crowd() -> float:
    """How many processes share a core: on a busy machine everything takes longer."""
    return min(3.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def _read(said: dict[int, bytearray], wait_s: float) -> bool:
    """Take what the terminals hold. False if nothing came."""
    ready, _, _ = select.select(list(said), [], [], wait_s)
    some = False
    for end in ready:
        with contextlib.suppress(OSError):
            data = os.read(end, 1 << 16)
            said[end] += data[: max(0, MOST_OUT - len(said[end]))]
            some = some or bool(data)
    if ready and not some:
        time.sleep(wait_s)
    return some


def _left(*, wait: bool) -> list[str]:
    """The command lines of what still runs below us after a while. It is ended."""
    deadline = time.monotonic() + (GRACE_S if wait else 0.0)
    while _reaped() and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    left = [(pid, _line(pid)) for pid in _below(os.getpid())]
    while pids := _below(os.getpid()):
        for pid in pids:
            _kill(pid)
        time.sleep(0.01)
        _reaped()
    return [line for _, line in left]


def _reaped() -> bool:
    """Collect what has ended. True while something runs."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return bool(_below(os.getpid()))


def _below(root: int) -> list[int]:
    """The descendants of a process that run, and are not ended and waited for."""
    parents = dict(_parents())
    found: list[int] = []
    above = {root}
    while above := {pid for pid, parent in parents.items() if parent in above} - {root}:
        found += above
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(folder.name), int(parent)


def _megabytes(pid: int) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
    return 0.0


def _line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()[:200]
    return "?"


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
