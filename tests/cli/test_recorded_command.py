"""The command that a version records rebuilds it elsewhere, and tells nothing of this machine's folders."""

import pytest

from astra_data.cli.run import _command


@pytest.mark.parametrize(
    ("override", "recorded"),
    [
        ("tasks.decontaminate.against=[/data/sets/bfcl.json]", "'tasks.decontaminate.against=[bfcl.json]'"),
        ("mcp=~/configs/mcp.json", "mcp=mcp.json"),
        ("models.default.base_url=http://127.0.0.1:80/v1", "models.default.base_url=http://127.0.0.1:80/v1"),
        ("a.b=hf://datasets/org/name", "a.b=hf://datasets/org/name"),
        ("servers.git.facts.repo_path=[/workspace/repo]", "'servers.git.facts.repo_path=[/workspace/repo]'"),
        ("tasks.per_server=4", "tasks.per_server=4"),
    ],
)
def test_a_path_loses_its_folders_and_everything_else_stays(override: str, recorded: str) -> None:
    assert _command("demo", [override], None) == f"astra run demo {recorded}"
