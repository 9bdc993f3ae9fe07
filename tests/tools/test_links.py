"""Nothing in a workspace leads out of it: not what the user put there, not what commands made, not what a server makes."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from astra_data.errors import AstraError, ToolError, UsageError
from astra_data.tools.launch import stderr_tail
from astra_data.tools.links import leads_out, strange
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.result import NOT_PERMITTED, ToolBackendDown
from astra_data.tools.session import McpSession
from astra_data.tools.temporary import LOCK, PREFIX, sweep
from astra_data.tools.workspace import Template

PROGRAM = Path(__file__).parents[1] / "mcp_servers" / "server.py"
OUT = {
    "absolute": [("a", "{outside}/precious")],
    "absolute, to the folder itself": [("a", "{folder}/docs/b.txt")],
    "to the parent": [("a", "..")],
    "steps up": [("docs/a", "../../outside/precious")],
    "out and back in": [("a", "../fixtures/docs/b.txt")],
    "dangling": [("a", "../nowhere/at/all")],
    "dangling and absolute": [("a", "/nowhere/at/all")],
    "a chain": [("a", "docs/c"), ("docs/c", "d"), ("docs/d", "../../outside")],
    "by way of a linked folder": [("deep", "docs/sub/one"), ("a", "deep/../../../../outside")],
    "past what is not there": [("a", "none/../../outside")],
    "in a deep folder": [("docs/sub/one/a", "../../../../outside")],
    "to itself": [("a", "a")],
    "to the root": [("a", "/")],
}
IN = {
    "beside": [("a", "docs/b.txt")],
    "up and down again": [("docs/sub/a", "../b.txt")],
    "to the folder": [("docs/a", "..")],
    "dangling": [("a", "docs/later.txt")],
    "a chain": [("a", "docs/c"), ("docs/c", "./b.txt")],
    "by way of a linked folder": [("deep", "docs/sub/one"), ("a", "deep/../../b.txt")],
}


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    folder = tmp_path / "fixtures"
    (folder / "docs" / "sub" / "one").mkdir(parents=True)
    (folder / "docs" / "b.txt").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("precious")
    return folder


def linked(folder: Path, links: list[tuple[str, str]]) -> None:
    for name, target in links:
        (folder / name).symlink_to(target.format(folder=folder, outside=folder.parent / "outside"))


@pytest.mark.parametrize("case", OUT)
def test_a_link_that_leads_out_of_the_users_folder_is_refused_before_anything_is_copied_or_read(
    fixtures: Path, nothing_left: Path, case: str
) -> None:
    linked(fixtures, OUT[case])
    assert strange(fixtures)
    for use in (Template(fixtures).fresh, lambda: Template(fixtures).digest):
        with pytest.raises(UsageError, match=r"workspace folder .* leads out of the folder \(put a copy in its place"):
            use()


@pytest.mark.parametrize("case", IN)
def test_a_link_that_stays_inside_leads_to_the_same_place_in_every_copy(fixtures: Path, nothing_left: Path, case: str) -> None:
    linked(fixtures, IN[case])
    assert strange(fixtures) is None
    template = Template(fixtures)
    with template.fresh() as workspace:
        assert all(str((workspace.root / name).resolve()).startswith(str(workspace.root)) for name, _ in IN[case])
    template.close()


@pytest.mark.parametrize("place", ["/workspace", "$HOME"])
@pytest.mark.parametrize(
    "command",
    ["ln -s /etc {place}/a", "mkdir -p {place}/x && ln -s ../../.. {place}/x/a", "ln -s {place} {place}/a", "mkfifo {place}/a"],
)
def test_what_set_up_commands_leave_may_not_lead_out_either(nothing_left: Path, place: str, command: str) -> None:
    template = Template(None, (("sh", "-c", command.format(place=place)),))
    with pytest.raises(ToolError, match="workspace: after set-up, "):
        template.fresh()


def test_a_link_put_into_the_prepared_copy_is_seen_at_the_next_lease(nothing_left: Path) -> None:
    template = Template(None, (("sh", "-c", "echo 1 > a"),))
    template.fresh().close()
    assert template._prepared is not None
    (template._prepared.root / "b").symlink_to("/etc")
    with pytest.raises(ToolError, match="b -> /etc leads out"):
        template.fresh()
    template.close()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root can make a device")


@pytest.mark.parametrize("make", [pipe, unix_socket, device])
@pytest.mark.parametrize("name", ["a", "docs/sub/a"])
def test_what_is_no_file_is_refused_and_never_opened(
    fixtures: Path, nothing_left: Path, make: Callable[[Path], None], name: str
) -> None:
    make(fixtures / name)
    for use in (Template(fixtures).fresh, lambda: Template(fixtures).digest):
        with pytest.raises(AstraError, match=r"is a (pipe|socket|device)"):
            use()


def calls(
    entry: ServerEntry, *wanted: tuple[str, dict[str, str]], before: Callable[[Path], None], folder: str = "root"
) -> list[str]:
    """What calls come back as, after something happened in the workspace of a running server."""

    async def main() -> list[str]:
        found = []
        async with Pool({"s": entry}, Template()) as pool, pool.lease("s") as session:
            before(getattr(session.workspace, folder))
            for name, arguments in wanted:
                try:
                    found.append((await session.call(name, arguments)).content)
                except ToolBackendDown as down:
                    found.append(down.reason)
        return found

    return asyncio.run(main())


WRITE = ("write", {"path": "/workspace/a/precious", "content": "gone"})


@pytest.mark.parametrize("target", ["{outside}", "{outside}/precious", "../../../..", "/"])
@pytest.mark.parametrize("folder", ["root", "home"])
def test_a_link_that_a_server_made_is_not_written_through(fixtures: Path, target: str, folder: str) -> None:
    outside = fixtures.parent / "outside"
    entry = ServerEntry("s", "stdio", sys.executable, (str(PROGRAM),))

    def linked(place: Path) -> None:
        (place / "deep").mkdir()
        (place / "deep" / "a").symlink_to(target.format(outside=outside))
        (place / "a").symlink_to("deep/a")

    found = calls(entry, WRITE, ("files", {}), before=linked, folder=folder)
    assert found == [NOT_PERMITTED] * 2
    assert (outside / "precious").read_text() == "precious"


def test_a_link_of_a_server_that_stays_in_its_workspace_is_its_own_matter() -> None:
    def linked(root: Path) -> None:
        (root / "b").mkdir()
        (root / "a").symlink_to(root / "b")
        (root / "c").symlink_to("a")
        os.mkfifo(root / "pipe")

    entry = ServerEntry("s", "stdio", sys.executable, (str(PROGRAM),))
    assert calls(entry, WRITE, ("files", {}), before=linked)[1] == "/workspace/b/precious"
    assert leads_out(Path("/proc/self/root"), Path("/proc/self"))


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_the_file_beside_the_workspace_is_neither_written_nor_read_through_what_a_server_put_there(
    tmp_path: Path, nothing_left: Path, kind: str
) -> None:
    """A server that leaves at once is started again in the same workspace."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    kept = precious.read_text()
    template = Template()
    with template.fresh() as workspace:
        place = workspace.base / "stderr"
        place.symlink_to(precious) if kind == "link" else os.mkfifo(place)
        assert stderr_tail(workspace) == ""

        async def start() -> None:
            session = await McpSession.start(ServerEntry("s", "stdio", sys.executable, (str(PROGRAM),)), workspace)
            await session.close()

        asyncio.run(start())
        assert precious.read_text() == kept and not place.is_symlink() and place.is_file()
    template.close()


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_sweep_follows_no_link_and_waits_for_no_pipe(folders: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / LOCK).write_text("")
    folder = folders / f"{PREFIX}x"
    folder.mkdir()
    (folder / LOCK).symlink_to(tmp_path / "kept" / LOCK) if kind == "link" else os.mkfifo(folder / LOCK)
    (folders / f"{PREFIX}y").symlink_to(tmp_path / "kept")
    sweep()
    assert (tmp_path / "kept" / LOCK).exists()


def test_a_folder_is_removed_however_deep_a_server_made_it(folders: Path) -> None:
    left = folders / f"{PREFIX}deep"
    left.mkdir()
    (left / LOCK).write_text("")
    within = os.open(left, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=within)
        outer, within = within, os.open("d", os.O_RDONLY, dir_fd=within)
        os.close(outer)
    os.close(within)
    sweep()
    assert not left.exists()
