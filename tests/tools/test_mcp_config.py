"""`mcp.json` is read as other clients write it; secrets never leave an entry."""

import json
from pathlib import Path
from typing import Any

import pytest

from astra_data.errors import AstraError, DataError, UsageError
from astra_data.tools.mcp_config import ServerEntry, read_mcp_json


def write(folder: Path, content: Any) -> Path:
    path = folder / "mcp.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def server(**fields: Any) -> dict[str, Any]:
    return {"mcpServers": {"git": fields}}


def test_servers_are_read_in_file_order_and_disabled_ones_are_skipped(tmp_path: Path) -> None:
    content = {
        "servers": {
            "b": {"command": "uvx", "args": ["b"], "autoApprove": ["x"], "cwd": "/tmp"},
            "off": {"command": "uvx", "disabled": True},
            "a": {"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": "${KEY}"}},
            "c": {"url": "https://example.org/c"},
        },
        "inputs": [],
    }
    entries = read_mcp_json(write(tmp_path, content))
    assert [(e.name, e.transport) for e in entries] == [("b", "stdio"), ("a", "http"), ("c", "http")]
    assert entries[0].flags == ("ignored: autoApprove", "ignored: cwd")


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        ("{", DataError, "mcp.json: not JSON"),
        ([], DataError, "mcp.json: expected an object"),
        ({"mcpServers": {}}, DataError, "mcp.json, field mcpServers: no servers"),
        ({"mcpServers": {"git": "uvx"}}, DataError, "mcp.json, field mcpServers.git: expected an object"),
        (server(args=[]), DataError, "mcp.json, field mcpServers.git.command: missing"),
        (server(command=["uvx"]), DataError, "mcp.json, field mcpServers.git.command: expected a text"),
        (server(command="uvx", args="x"), DataError, "mcp.json, field mcpServers.git.args: expected a list of texts"),
        (server(command="uvx", env={"A": {}}), DataError, "mcp.json, field mcpServers.git.env.A: expected a text"),
        (server(url="ftp://x"), DataError, "mcp.json, field mcpServers.git.url: expected an http or https address"),
        (server(type="sse", url="http://x"), UsageError, "mcp.json, field mcpServers.git.type: the SSE transport is not spoken"),
        (server(type="pigeon"), UsageError, "mcp.json, field mcpServers.git.type: unknown transport 'pigeon'"),
        (server(command="x", env={"A": "${input:k}"}), UsageError, "mcp.json, field mcpServers.git: asks for an input"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_field(tmp_path: Path, content: Any, kind: type[AstraError], message: str) -> None:
    with pytest.raises(kind) as raised:
        read_mcp_json(write(tmp_path, content))
    assert message in str(raised.value)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_mcp_json(tmp_path / "mcp.json")


def test_variables_are_filled_from_the_environment_only_when_asked() -> None:
    entry = ServerEntry("s", "stdio", "run", ("--as=${WHO}", "${MISSING:-none}", "${workspaceFolder}/x"), {"T": "${env:WHO}"})
    filled = entry.expanded({"WHO": "joe"})
    assert filled.args == ("--as=joe", "none", "/workspace/x")
    assert filled.env == {"T": "joe"}
    assert "joe" not in str(entry.public())
    with pytest.raises(UsageError, match=r"mcp\.json, field mcpServers\.s\.args\[0\]: the environment variable WHO is not set"):
        entry.expanded({})


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--token", "abcdef99"], ["--token", "***"]),
        (["--api-key=abcdef99", "x"], ["--api-key=***", "x"]),
        (["-e", "GITHUB_TOKEN=abcdef99"], ["-e", "GITHUB_TOKEN=***"]),
        (["--password", "--verbose"], ["--password", "--verbose"]),
        (["postgres://joe:pw@db:5432/x?sslkey=1"], ["postgres://db:5432/x?sslkey=***"]),
        (["--key-of", "hunter2222"], ["--key-of", "***"]),
        (["--db", "/workspace/db.sqlite", "--mode", "readonly"], ["--db", "/workspace/db.sqlite", "--mode", "readonly"]),
        (["prefix-hunter2222"], ["***"]),
        (["--repository", "${REPO}"], ["--repository", "${REPO}"]),
    ],
)
def test_public_arguments_hold_no_secret(args: list[str], shown: list[str]) -> None:
    entry = ServerEntry("s", "stdio", "run", tuple(args), {"LOGIN": "hunter2222"})
    assert entry.public() == {"command": "run", "args": shown, "env": ["LOGIN"]}


def test_a_public_address_has_no_user_and_no_query_values() -> None:
    entry = ServerEntry("s", "http", url="https://joe:pw@example.org/mcp?key=abc&v=1", headers={"Authorization": "Bearer x"})
    assert entry.public() == {"type": "http", "url": "https://example.org/mcp?key=***&v=***", "headers": ["Authorization"]}


def test_secrets_are_the_values_that_could_harm_and_not_plain_settings() -> None:
    env = {"API": "${KEY}", "LEVEL": "warning", "DB": "/workspace/db.sqlite", "URL": "postgres://joe:s3cretpw@db/x"}
    env["PAT"] = "warning"
    entry = ServerEntry("s", "stdio", "run", ("--token", "abcdef99", "${PLACE}"), env)
    assert entry.secrets({"KEY": "k-123456", "PLACE": "/workspace/x"}) == {
        "k-123456", "warning", "postgres://joe:s3cretpw@db/x", "s3cretpw", "abcdef99",
    }  # fmt: skip
    http = ServerEntry("h", "http", url="https://example.org/?k=querykey", headers={"Authorization": "Bearer ${KEY}"})
    assert http.secrets({"KEY": "k-123456"}) == {"k-123456", "Bearer k-123456", "querykey"}
