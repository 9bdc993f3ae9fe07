"""A server works on nothing but its workspace if everything its entry says is evidently plain, and no more."""

import pytest

from astra_data.resources import folder
from astra_data.tools.mcp_config import ServerEntry, read_mcp_json
from astra_data.tools.throwaway import lasting


def entry(command: str, *args: str, **env: str) -> ServerEntry:
    return ServerEntry("s", "stdio", command, args, env)


def package(*args: str, **env: str) -> ServerEntry:
    return entry("uvx", "a-server", *args, **env)


def test_the_servers_of_the_demo_work_on_the_workspace_alone() -> None:
    found = {one.name: lasting(one) for one in read_mcp_json(folder("recipes") / "demo" / "mcp.json")}
    assert len(found) == 8 and set(found.values()) == {None}


@pytest.mark.parametrize(
    "given",
    [
        package(),
        package("/workspace"),
        package("/workspace/db.sqlite"),
        package("--db-path", "/workspace/a b/db-1.sqlite"),
        package("--root=/workspace/data"),
        package("${workspaceFolder}/data"),
        package("."),
        package("./notes", "data/today.csv"),
        package("--db-path", ":memory:", "--read-write"),
        package("--mode", "read-only", "--max-rows", "500", "-v"),
        package(LOG_LEVEL="INFO", DEBUG="true", CONFIG="/dev/null", EMPTY="", GIT_AUTHOR_DATE="1773046800 +0000"),
        package(NOW="2026-01-31T09:00:00Z", GREETING="/workspace/hello.txt"),
        entry("uvx", "--from", "git+https://example.org/a.git@v2", "--with", "mcp<2", "a"),
        entry("uvx", "--from=/srv/wheels/a.whl", "a"),
        entry("npx", "-y", "@scope/server@1.2.3", "."),
        entry("uv", "run", "--with", "mcp", "/srv/servers/a.py", "--fast"),
        entry("uv", "tool", "run", "a-server==1.0"),
        entry("pipx", "run", "a-server"),
        entry("/srv/venv/bin/python", "-u", "/srv/servers/a.py", "noise"),
        entry("python3.11", "-m", "a_server", "/workspace"),
        entry("node", "/srv/servers/dist/index.js"),
        entry("deno", "run", "/srv/a.ts"),
        entry("sh", "/srv/start.sh"),
        entry("/srv/bin/a-server", "paint"),
    ],
    ids=lambda given: " ".join([given.command, *given.args, *given.env]),
)
def test_what_is_thrown_away_with_the_workspace(given: ServerEntry) -> None:
    assert lasting(given) is None


OUTSIDE = [
    *("/srv/x", "/", "~", "~/x", "~joe/x", "..", "../x", "a/../../x", "/workspace/../etc", "/workspaces/x", "/workspace-2"),
    *("file:///srv/x", "--root=/srv/x", "--root=~/x", "-d/srv/x", "/srv/x:/data", "data:/srv/x", "data,/srv/x", "'/srv/x'"),
    *("C:\\Users", "D:/data", "\\\\share\\x", "..\\x", "$HOME/x", "%APPDATA%", "@/srv/x"),
]
ADDRESSES = [
    *("postgres://db/x", "https://example.org", "redis://127.0.0.1:6379/0", "localhost", "localhost:5432", "10.0.0.7"),
    *("db.example.org", "user@db", "[::1]:5432", "db:5432", "mail.internal", "unix://run/x", "s3://bucket/x"),
]
SECRETS = [
    *("--token=abc", "--api-key=abc", "sk-0123456789abcdef", "ghp_A1b2C3d4E5f6", "hunter2hunter2", "-phunter2"),
    *("Bearer abc:def", '{"key": "v"}', "Server=db;Password=x", "QWxhZGRpbjpvcGVuIHNlc2FtZQ", "0f8fad5bd9cb469fa16570867728950e"),
    "Authorization: Bearer x",
]


@pytest.mark.parametrize("word", [*OUTSIDE, *ADDRESSES, *SECRETS])
@pytest.mark.parametrize("make", [package, lambda word: package("--flag", word), lambda word: entry("node", "a.js", word)])
def test_an_argument_that_is_not_plainly_of_the_workspace(make: object, word: str) -> None:
    assert lasting(make(word)) is not None  # type: ignore[operator]


@pytest.mark.parametrize("word", [word for word in (*OUTSIDE, *ADDRESSES, *SECRETS) if not word.startswith("-")])
def test_a_variable_that_is_not_plainly_of_the_workspace(word: str) -> None:
    assert lasting(package(PLACE=word)) is not None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (ServerEntry("s", "http", url="http://127.0.0.1:1/mcp"), "it is reached over HTTP"),
        (ServerEntry("s", "http", url="https://example.org/mcp", headers={"X-Key": "k"}), "it is reached over HTTP"),
        (package(API_KEY="x"), "env.API_KEY is a secret"),
        (package(PASSWORD=""), "env.PASSWORD is a secret"),
        (package("--token", "abc"), "args[2] is a secret"),
        (package("--level", "${LEVEL}"), "args[2] takes a variable from the environment"),
        (package(LEVEL="${LEVEL:-info}"), "env.LEVEL takes a variable from the environment"),
        (package(ROOT="${env:HOME}/x"), "env.ROOT takes a variable from the environment"),
        (entry("${RUNNER}", "x"), "its command takes a variable from the environment"),
        (package("--host", "db"), "args[2] says where outside it works"),
        (package("--user", "joe"), "args[2] says where outside it works"),
        (package("-p", "abc"), "args[2] says where outside it works"),
        (package(PGDATABASE="prod"), "env.PGDATABASE says where outside it works"),
        (package(AWS_PROFILE="work"), "env.AWS_PROFILE says where outside it works"),
        (package(AWS_REGION="eu-central-1"), "env.AWS_REGION says where outside it works"),
        (entry("docker", "run", "-i", "img"), "it runs by docker"),
        (entry("/usr/bin/podman", "run", "img"), "it runs by podman"),
        (entry("ssh", "box", "server"), "it runs by ssh"),
        (entry("kubectl", "exec", "pod"), "it runs by kubectl"),
        (entry("npx", "-y", "a-proxy", "docker", "run"), "it runs by docker"),
        (entry("env", "python", "a.py"), "it runs by env"),
        (entry("op", "run", "a-server"), "it runs by op"),
        (entry("sh", "-c", "a-server"), "it is a command line of a shell"),
        (entry("bash", "-lc", "a-server"), "it is a command line of a shell"),
        (entry("uv", "--directory", "/srv/a", "run", "a.py"), "args[1] names a path outside the workspace"),
        (entry("uvx", "--directory", "/srv/a", "a-server"), "args[1] names a path outside the workspace"),
        (entry("node", "--env-file=/srv/.env", "a.js"), "args[0] names a path outside the workspace"),
        (entry("python", "/srv/a.py", "/srv/data"), "args[1] names a path outside the workspace"),
        (entry("cmd", "/c", "npx", "a-server"), "args[0] names a path outside the workspace"),
    ],
)
def test_the_reason_names_the_place_and_not_the_value(given: ServerEntry, why: str) -> None:
    assert lasting(given) == why
