"""Whatever a server started ends with it, however it hides; and nothing else does."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from processes import running, until_ended

from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.process import Process, kill_those_at, started
from astra_data.tools.session import McpSession
from astra_data.tools.workspace import Template

SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
HIDES = {
    "in the group": f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}])",
    "setsid": f"subprocess.Popen(['setsid', sys.executable, '-c', {SLEEP!r}])",
    "a session of its own": f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True)",
    "a daemon": f"os.fork() or (os.setsid(), os.fork() and os._exit(0), exec({SLEEP!r}))",
    "a daemon without environment": f"""os.fork() or (os.setsid(), os.fork() and os._exit(0),
        os.execve(sys.executable, [sys.executable, '-c', {SLEEP!r}], {{}}))""",
    "deaf to signals": f"""subprocess.Popen([sys.executable, '-c',
        'import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; ' + {SLEEP!r}], start_new_session=True)""",
    "stopped": """os.fork() or (os.setsid(), print(os.getpid(), flush=True), os.kill(os.getpid(), signal.SIGSTOP))""",
    "one that starts others": f"""os.fork() or (os.setsid(), [subprocess.Popen([sys.executable, '-c', {SLEEP!r}],
        start_new_session=True, env={{}}) for _ in range(3)], exec({SLEEP!r}))""",
}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the group that ends")


def program(*lines: str) -> list[str]:
    """A server that does this and then reads its input."""
    return [sys.executable, "-c", "\n".join(["import os, signal, subprocess, sys, time", *lines, "sys.stdin.read()"])]


def used(command: list[str], home: Path, use: Callable[[Process, list[int]], None], count: int = 1) -> list[int]:
    """Start the command, read this many process ids that it says, and use it; it has ended afterwards."""

    async def main() -> list[int]:
        env = {"HOME": str(home), "PATH": os.environ["PATH"]}
        with (home / "stderr").open("wb") as stderr:
            async with started(command, env=env, cwd=home, home=home, stderr=stderr) as process:
                pids = [int(await process.reader.readline()) for _ in range(count)]
                assert all(map(running, pids)) and os.getpid() not in pids
                use(process, pids)
                return pids

    home.mkdir(exist_ok=True)
    return asyncio.run(main())


def nothing(process: Process, pids: list[int]) -> None:
    """Let the server end by itself."""


def at_once(process: Process, pids: list[int]) -> None:
    process.kill()


def parent_killed(process: Process, pids: list[int]) -> None:
    os.kill(process._kept.pid, signal.SIGKILL)


def parent_stopped(process: Process, pids: list[int]) -> None:
    os.kill(process._kept.pid, signal.SIGSTOP)


@LINUX
@pytest.mark.parametrize("use", [nothing, at_once])
@pytest.mark.parametrize("way", HIDES)
def test_what_a_server_leaves_ends_with_it_however_it_hides(tmp_path: Path, way: str, use: Callable[..., None]) -> None:
    count = 4 if way == "one that starts others" else 1
    pids = used(program(HIDES[way]), tmp_path / "home", use, count)
    assert not any(map(running, pids))


@LINUX
@pytest.mark.parametrize(
    ("way", "use"),
    [(way, parent_killed) for way in HIDES if way not in ("a daemon without environment", "one that starts others")]
    + [("setsid", parent_stopped)],
)
def test_so_does_what_a_server_leaves_that_has_put_its_parent_out_of_action(
    tmp_path: Path, way: str, use: Callable[..., None]
) -> None:
    until_ended(used(program(HIDES[way]), tmp_path / "home", use))


@LINUX
def test_only_what_killed_the_parent_left_the_group_and_emptied_its_environment_gets_away(tmp_path: Path) -> None:
    [pid] = used(program(HIDES["a daemon without environment"]), tmp_path / "home", parent_killed)
    assert running(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_server_that_ends_is_the_end_of_what_it_started(tmp_path: Path) -> None:
    """Its pipes are closed then, though a child of its own held them."""

    def silent(process: Process, pids: list[int]) -> None:
        until_ended(pids)

    command = [sys.executable, "-c", f"import subprocess, sys, time; {HIDES['setsid']}; time.sleep(1)"]
    used(command, tmp_path / "home", silent)


@pytest.mark.parametrize("deaf", [False, True])
def test_a_server_has_time_to_end_and_no_more_than_that(tmp_path: Path, deaf: bool) -> None:
    """One that hears ends at the end of its input; one that does not, about two patiences later."""
    deafness = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    said = "print(os.getpid(), flush=True)"
    lines = [deafness, said, "time.sleep(600)"] if deaf else [said, "sys.stdin.read()", "open('done', 'w').close()"]
    began = time.monotonic()
    [pid] = used(program(*lines), tmp_path / "home", nothing)
    assert not running(pid) and time.monotonic() - began < 10
    assert (tmp_path / "home" / "done").exists() is not deaf


def test_it_all_ends_with_us_even_if_we_are_killed(tmp_path: Path) -> None:
    ours = f"""
        import asyncio, os, sys
        from pathlib import Path
        from astra_data.tools.process import started
        async def main():
            home = Path({str(tmp_path)!r})
            with (home / "stderr").open("wb") as stderr:
                command = {program(HIDES["a daemon without environment"] if sys.platform == "linux" else HIDES["in the group"])!r}
                async with started(command, env={{"HOME": str(home)}}, cwd=home, home=home, stderr=stderr) as process:
                    print(int(await process.reader.readline()), process._kept.pid, flush=True)
                    await asyncio.sleep(600)
        asyncio.run(main())
    """
    us = subprocess.Popen([sys.executable, "-c", textwrap.dedent(ours)], stdout=subprocess.PIPE, text=True)
    assert us.stdout is not None
    pids = [int(pid) for pid in us.stdout.readline().split()]
    assert len(pids) == 2 and all(map(running, pids))
    us.kill()
    us.communicate()
    until_ended(pids)


@LINUX
def test_what_is_not_ours_lives_on(tmp_path: Path) -> None:
    """Not what has another home, one that begins alike, or the folder in another variable."""
    home = tmp_path / "home"
    others = [
        {"HOME": f"{home}-2"}, {"HOME": f"{home}/sub"}, {"PWD": str(home)}, {"XHOME": str(home)}, {"A": f"HOME={home}"}, {},
    ]  # fmt: skip
    foreign = [subprocess.Popen(["/bin/sleep", "600"], env=env, start_new_session=number % 2 == 0)
               for number, env in enumerate(others)]  # fmt: skip
    mine = subprocess.Popen(["/bin/sleep", "600"], env={"HOME": str(home)})
    try:
        for use in (nothing, at_once):
            used(program(HIDES["setsid"]), home, use)
        assert all(process.poll() is None for process in (*foreign, mine))
        kill_those_at(home)
        assert mine.wait(10) == -signal.SIGKILL
        assert all(process.poll() is None for process in foreign)
    finally:
        for process in (*foreign, mine):
            process.kill()
            process.wait()


@pytest.mark.parametrize("place", ["group", "pid", "../group", "../pid"])
def test_no_file_within_reach_of_a_server_says_what_is_killed(nothing_left: Path, place: str) -> None:
    """A call of a policy may write anywhere in the workspace, and beside it."""
    foreign = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    server = Path(__file__).parents[1] / "mcp_servers" / "server.py"

    async def main() -> None:
        template = Template()
        with template.fresh() as workspace:
            session = await McpSession.start(ServerEntry("s", "stdio", sys.executable, (str(server),), writes="allow"), workspace)
            await session.call("write", {"path": f"/workspace/{place}", "content": str(foreign.pid)})
            (workspace.root / place).write_text(str(foreign.pid))
            session.alive = False
            await session.close()
        template.close()

    try:
        asyncio.run(main())
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_the_home_of_the_user_is_never_taken_for_that_of_a_server(nothing_left: Path, tmp_path: Path) -> None:
    """An entry may set HOME itself; what the user runs has that, too."""
    mine = subprocess.Popen(["/bin/sleep", "600"], env={"HOME": str(tmp_path)})
    server = Path(__file__).parents[1] / "mcp_servers" / "server.py"

    async def main() -> None:
        template = Template()
        entry = ServerEntry("s", "stdio", sys.executable, (str(server),), env={"HOME": str(tmp_path)}, writes="allow")
        with template.fresh() as workspace:
            session = await McpSession.start(entry, workspace)
            pids = [int(pid) for pid in (await session.call("spawn", {})).content.split()]
            os.killpg(os.getpgid(pids[0]), signal.SIGKILL)
            await session.close()
        template.close()
        until_ended(pids)

    try:
        asyncio.run(main())
        assert mine.poll() is None
    finally:
        with suppress(ProcessLookupError):
            mine.kill()
        mine.wait()


def test_a_program_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    async def main() -> bytes:
        with (tmp_path / "stderr").open("wb") as stderr:
            command = started([str(tmp_path / "none")], env={}, cwd=tmp_path, home=tmp_path, stderr=stderr)
            async with command as process:
                return await process.reader.read()

    assert asyncio.run(main()) == b""
    assert (tmp_path / "stderr").read_text() == f"{tmp_path / 'none'}: No such file or directory\n"
