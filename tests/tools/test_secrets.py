"""Whatever secret is put into an idiom of real `mcp.json` files is not in what is shown, nor in what a server says of it."""

import json
import string
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mcp_idioms import IDIOMS, NAMED, SHAPED, UNNAMED, Idiom

from astra_data import resources
from astra_data.errors import UsageError
from astra_data.tools.mcp_config import ServerEntry, read_mcp_json
from astra_data.tools.plain import calm_name
from astra_data.tools.scrub import Scrub
from astra_data.tools.secrets import mask_arguments, searchable

LETTERS = string.ascii_letters + string.digits
RANDOM = st.text(LETTERS, min_size=8, max_size=24).filter(lambda s: any(c.isdigit() for c in s) and any(c.isalpha() for c in s))
ODD = st.text(LETTERS + "!#$%&()*+,./:;<=>?@[]^_`{|}~\\\"' éß🔑", min_size=8, max_size=24)
CANARY = "qX7Kz90aZw"


def shown(idiom: Idiom, secret: str) -> str:
    public = ServerEntry("s", **idiom(secret)).public()
    return " ".join([json.dumps(public, ensure_ascii=False), *public.get("args", []), public.get("url") or public["command"]])


def hidden(idiom: Idiom, secret: str) -> Scrub:
    return Scrub(ServerEntry("s", **idiom(secret)).secrets({}))


def own(idiom: Idiom, secret: str) -> bool:
    """Whether the secret is none of the idiom's own words, and none that is never searched for."""
    return secret.lower() not in repr(idiom("")).lower() and secret in searchable([secret])


@pytest.mark.parametrize("name", IDIOMS)
def test_no_idiom_shows_its_secret_and_none_is_said_by_a_server(name: str) -> None:
    assert CANARY not in shown(IDIOMS[name], CANARY)
    if name in NAMED | UNNAMED or name in ("base64", "Basic", "quotes inside"):
        assert CANARY not in hidden(IDIOMS[name], CANARY)(f"it is {CANARY}.")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(IDIOMS)), RANDOM)
def test_random_secrets_are_hidden_in_every_idiom(name: str, secret: str) -> None:
    assume(own(IDIOMS[name], secret) and (name in NAMED | SHAPED or not calm_name(secret)))
    assert secret not in shown(IDIOMS[name], secret)
    if name in NAMED | UNNAMED:
        assert secret not in hidden(IDIOMS[name], secret)(f"x {secret} y")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(NAMED)), ODD)
def test_so_are_those_with_characters_that_mean_something_elsewhere(name: str, secret: str) -> None:
    assume(secret == secret.strip(" '\"\\") and not secret.startswith("-") and "}" not in secret and len(secret) >= 8)
    assume(own(NAMED[name], secret))
    assume(not any(mark in name for mark in ("Key=", "Password=")) or ";" not in secret)
    assert secret not in shown(NAMED[name], secret)
    assert secret not in hidden(NAMED[name], secret)(f"x {secret} y")


SOUND = [
    ("npx", "-y @modelcontextprotocol/server-filesystem /workspace /workspace/more"),
    ("npx", "-y @upstash/context7-mcp@latest"),
    ("npx", "-y mcp-remote@0.1.2 https://mcp.linear.app/sse --transport http-first"),
    ("uvx", "--from pkg==1.2 tool --transport stdio --port 8080 --host 0.0.0.0"),
    ("uvx", "mcp-server-time --local-timezone=America/New_York --log-level=INFO"),
    ("uv", "tool run mcp-server-git --repository /workspace/repo"),
    ("docker", "run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server stdio"),
    ("node", "build/index.js --mode readonly --read-only --no-sandbox"),
    ("python", "-m my_server --model gpt-4o-mini --region us-east-1 -v"),
    ("npx", "-y @modelcontextprotocol/server-postgres postgresql://localhost/mydb"),
    ("npx", "mcp-remote https://mcp.example.com/mcp --header Authorization:${AUTH} --as=${WHO} ${workspaceFolder}/x"),
    ("java", "-jar server.jar -Xmx512m"),
]


@pytest.mark.parametrize(("command", "words"), SOUND)
def test_what_is_evidently_plain_is_shown_as_it_is(command: str, words: str) -> None:
    assert mask_arguments(words.split(), command) == (words.split(), [])


def test_the_entries_of_the_demo_are_shown_as_they_are() -> None:
    entries = read_mcp_json(resources.folder("recipes") / "demo" / "mcp.json")
    assert [entry.public()["args"] for entry in entries] == [list(entry.args) for entry in entries]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://mcp.example.com/s/hunter/mcp", "https://mcp.example.com/s/***/mcp"),
        ("https://mcp.zapier.com/api/mcp/s/NjI2ABc==/mcp", "https://mcp.zapier.com/api/mcp/s/***/mcp"),
        ("https://a8f3kq2.mcp.example.com/sse#at=x", "https://***.mcp.example.com/sse#***"),
        ("https://user:12/ss@host/x", "https://***"),
        ("https://example.org/?sk-abc", "https://example.org/?***=***"),
        ("${BASE}/hub/qX7Kz90aZw/mcp", "${BASE}/hub/***/mcp"),
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp"),
    ],
)
def test_an_address_shows_names_and_no_tokens(url: str, shown: str) -> None:
    assert ServerEntry("s", "http", url=url).public()["url"] == shown


@pytest.mark.parametrize(
    ("secret", "searched"),
    [
        *(("x7Q!", True), ("pw12", True), ("4711471147", True)),
        *(("abc", False), ("8080", False), ("root", False), ("/workspace/x", False)),
    ],
)
def test_short_secrets_are_masked_and_those_that_could_be_anything_are_not_searched_for(secret: str, searched: bool) -> None:
    assert mask_arguments(["--password", secret]) == (["--password", "***"], [secret])
    assert (secret in searchable([secret])) is searched


def test_the_representation_of_an_entry_is_public() -> None:
    entry = ServerEntry("s", "stdio", "run", ("--token", CANARY), {"KEY": CANARY + "2"})
    assert CANARY not in repr(entry) + str([entry])


@pytest.mark.parametrize("name", ["ghp_0123456789abcdefghij", "server-qX7Kz90aZw", "xoxb-12345678-abcdef"])
def test_a_server_may_not_be_named_by_a_secret(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {name: {"command": "run", "env": {"KEY": CANARY}}}}))
    with pytest.raises(UsageError, match="the name of server 1 of the file") as raised:
        read_mcp_json(path)
    assert name not in str(raised.value)


@pytest.mark.parametrize(("name", "args"), [
    ("mem0", ["-y", "@smithery/cli", "run", "mem0"]), ("context7", ["mcp", "gateway", "run", "--servers", "context7"]),
    ("exa1", ["run", "exa1"]),
])
def test_a_server_may_be_named_among_its_arguments(name: str, args: list[str], tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {name: {"command": "npx", "args": args}}}))
    [entry] = read_mcp_json(path)
    assert entry.name == name and name not in entry.hidden()


def test_names_of_variables_headers_and_unknown_keys_are_no_way_out(tmp_path: Path) -> None:
    token, path = "ghp_0123456789abcdefghij", tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"s": {"command": "run", "env": {token: "x"}, token: 1}}}))
    [entry] = read_mcp_json(path)
    assert token not in str(entry.public()) + str(entry.flags)
    assert token not in str(ServerEntry("s", "http", url="https://h/mcp", headers={token: "x"}).public())


def test_a_word_that_could_be_ordinary_is_hidden_as_a_whole_word() -> None:
    scrub = Scrub(searchable(["warning"]))
    assert scrub("a warning, and warnings of a prewarning: user_warning") == "a ***, and warnings of a prewarning: user_***"
