"""The command that a version records rebuilds it elsewhere, and tells nothing of this machine's folders."""

import pytest

from astra_data.cli.options import recorded as command


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
    assert command("run", "demo", override) == f"astra run demo {recorded}"


def test_a_command_that_took_a_recipe_records_it_with_its_overrides() -> None:
    told = command("make", "tasks", "mine-tools", "--to", "t", recipe="demo", overrides=["seed=3"], limit=5)
    assert told == "astra make tasks mine-tools --to t --recipe demo --set seed=3 --limit 5"
