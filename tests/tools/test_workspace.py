"""Every server process has a folder of its own, copied from a template that is set up once."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from astra_data.errors import ToolError, UsageError
from astra_data.tools.environment import credentials, scrubbed
from astra_data.tools.workspace import Template


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    folder = tmp_path / "fixtures"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.txt").write_text("alpha\n")
    return folder


def test_a_fresh_workspace_is_a_copy_that_vanishes(fixtures: Path, nothing_left: Path) -> None:
    template = Template(fixtures)
    with template.fresh() as first, template.fresh() as second:
        (first.root / "docs" / "a.txt").write_text("changed")
        assert (second.root / "docs" / "a.txt").read_text() == "alpha\n"
        assert first.home != second.home
        assert first.to_shown(f"{first.root}/docs in {first.home} in {first.tmp}") == "/workspace/docs in /home/agent in /tmp"
    assert (fixtures / "docs" / "a.txt").read_text() == "alpha\n"
    template.close()


def test_set_up_runs_once_and_its_files_are_in_every_workspace(fixtures: Path, nothing_left: Path) -> None:
    count = "import pathlib; p = pathlib.Path('/workspace/runs'); p.open('a').write('x')"
    template = Template(fixtures, (("python", "-c", count), ("sh", "-c", "echo hi > $HOME/greeting")))
    for _ in range(3):
        with template.fresh() as workspace:
            assert (workspace.root / "runs").read_text() == "x"
            assert (workspace.home / "greeting").read_text() == "hi\n"
    template.close()


def test_git_commits_of_a_set_up_are_the_same_everywhere(folders: Path) -> None:
    script = "git init -q -b main . && echo 1 > f && git add f && git commit -q -m first"
    heads = set()
    for _ in range(2):
        template = Template(None, (("sh", "-c", script),))
        with template.fresh() as workspace:
            done = subprocess.run(["git", "-C", workspace.root, "rev-parse", "HEAD"], capture_output=True, check=True)
            heads.add(done.stdout)
            assert (workspace.root / "f").stat().st_mtime == 1735689600
        template.close()
    assert len(heads) == 1


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("sh", "-c", "echo no such table in $PWD >&2; exit 3"), "left with 3: no such table in /workspace"),
        (("no-such-program",), "No such file"),
    ],
)
def test_a_failing_set_up_is_named_with_its_last_words(nothing_left: Path, command: tuple[str, ...], message: str) -> None:
    with pytest.raises(ToolError, match="workspace set-up") as raised:
        Template(None, (command,)).fresh()
    assert message in str(raised.value)


def test_a_missing_folder_is_a_usage_error(nothing_left: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        Template(nothing_left / "none").fresh()


def test_the_digest_covers_files_names_bits_and_commands(fixtures: Path) -> None:
    seen = {Template(fixtures).digest, Template(fixtures, (("true",),)).digest}
    assert Template(fixtures).digest in seen
    (fixtures / "docs" / "a.txt").chmod(0o755)
    seen.add(Template(fixtures).digest)
    (fixtures / "docs" / "a.txt").write_text("beta\n")
    seen.add(Template(fixtures).digest)
    (fixtures / "docs" / "b.txt").symlink_to("a.txt")
    seen.add(Template(fixtures).digest)
    assert len(seen) == 5
    assert len(Template().digest) == len(hashlib.sha256().hexdigest())


def test_the_environment_holds_nothing_of_the_user() -> None:
    user = {
        "PATH": "/bin", "HOME": "/home/joe", "AWS_SECRET_ACCESS_KEY": "x", "OPENAI_API_KEY": "x", "EDITOR": "vi",
        "HTTPS_PROXY": "http://joe:s3cret@proxy:1", "UV_INDEX_URL": "https://u:passw0rd@x/simple", "UV_PUBLISH_TOKEN": "x",
        "npm_config__authToken": "x", "PIP_CERT": "/c", "SSL_CERT_FILE": "/c", "TZ": "Asia/Tokyo",
    }  # fmt: skip
    env = scrubbed(user, home=Path("/t/home"), tmp=Path("/t/tmp"))
    assert {"AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "EDITOR", "UV_PUBLISH_TOKEN", "npm_config__authToken"}.isdisjoint(env)
    assert env["HOME"] == "/t/home"
    assert env["TZ"] == "UTC"
    assert env["UV_CACHE_DIR"] == "/home/joe/.cache/uv"
    assert env["HTTPS_PROXY"] == user["HTTPS_PROXY"]
    assert credentials(user) == {"s3cret", "passw0rd"}
