"""A server works on nothing but its workspace if everything its entry says is evidently plain, and no more."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        entry("uvx", "mcp-server-time"),
        entry("uvx", "mcp-server-time", "--local-timezone", "UTC"),
        entry("uvx", "mcp-server-calculator"),
        entry("npx", "-y", "@modelcontextprotocol/server-filesystem", "."),
        entry("npx", "-y", "@modelcontextprotocol/server-memory", MEMORY_FILE_PATH="/workspace/memory.json"),
        entry("npx", "--yes", "@modelcontextprotocol/server-sequential-thinking@latest", DISABLE_LOGGING="true"),
        entry("npx", "-y", "@modelcontextprotocol/server-everything", "stdio"),
        entry("uvx", "-q", "--python", "3.12", "mcp-server-sqlite", "--db-path", "notes/today.sqlite"),
        entry("node", "--no-warnings", "./dist/index.js", "--root", "./docs.d"),
        entry("deno", "run", "--allow-read", "-A", "/srv/a.ts"),
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


UNKNOWN = """
uvx mcp-server-docker
npx -y mcp-remote api.acme.ca
npx -y mcp-remote acme
psql shop
nice bash -c x
nohup sh -c x
npx -c a-server
npx --call a-server
redis-cli
uvx mysql_mcp_server
npx @azure/mcp
uvx --from /srv/k8s-mcp.whl a
uvx supergateway
uvx
npx @playwright/mcp@latest
npx -y @acme/github-mcp
python -m gmail_server
node slack.js
node --eval x
node -p x
node -r ./x a.js
python -m
perl -E x
bash -x a.sh
python
uv run python a.py
uv sync
npm run a
timeout 9 uvx a-server
xvfb-run a-server
make serve
run
/usr/local/bin/thing
uvx a-server bash
uvx a-server -- /usr/bin/docker
uvx a-server npx b
mcp-proxy x
uv run --env-file x a.py
uvx --with-requirements x a
uvx a-server --remote
npx -y
uvx a-server postgres
uvx a-server --allow-web
uvx a-server -d shop
redis-server
uvx a-server --db shop
uvx a-server --sheet 7
uvx a-server host=db
uvx --from
""".strip().splitlines()


@pytest.mark.parametrize("line", [*UNKNOWN, "python -c 'import x'"])
def test_a_program_that_is_not_understood_or_says_that_it_works_elsewhere(line: str) -> None:
    assert lasting(entry(*shlex.split(line))) is not None


HOSTS = ["api.acme.ca", "acme.ca/x", "db.acme.co.nz", "acme.museum", "x.y.z", "acme.md", "files.acme.txt.ca", "srv-1.acme.pl"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_of_any_domain_is_an_address(host: str) -> None:
    for one in (package(host), package("--root", host), package(f"--path={host}"), package(LOG=host), package("--mode", host)):
        assert lasting(one) is not None, one


@pytest.mark.parametrize("name", ["MYSQL_DB", "SHEET", "WORKBOOK_ID", "X", "REDIS_MODE", "DOCKER_TIMEOUT", "MCP_TARGET", "TABLE"])
@pytest.mark.parametrize("value", ["shop", "7", "true", "a.csv"])
def test_a_variable_that_is_not_known_to_be_harmless_lasts(name: str, value: str) -> None:
    assert lasting(package(**{name: value})) is not None
    assert lasting(package(f"--{name.lower().replace('_', '-')}", value)) is not None


OTHERS = {"bash", "python", "node", "npx", "docker"}
WORDS = st.lists(st.sampled_from(["-y", "-c", "-m", "run", "--from", "a-server", "x", ".", "--", *sorted(OTHERS)]), max_size=5)


@given(st.sampled_from("uvx npx uv python node deno bash a-server x".split()), WORDS)
def test_any_words_are_judged_and_code_and_other_programs_last(command: str, words: list[str]) -> None:
    found = lasting(entry(command, *words))
    assert found is not None or not OTHERS & set(words)
    assert found is not None or command != "x"


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
