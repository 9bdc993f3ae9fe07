"""The command that a version records rebuilds it elsewhere, and tells nothing of this machine's folders."""

import pytest

from astra_data.cli.options import recorded as command
from astra_data.errors import UsageError
from astra_data.hub.bounds import LONGEST_TEXT


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


def test_a_command_that_no_lineage_holds_is_refused_before_anything_is_done() -> None:
    names = [f"document-{number:06}.json" for number in range(LONGEST_TEXT // 20)]
    assert command("make", "tools", *names[:700])
    with pytest.raises(UsageError, match=r"a command of 17,\d* characters, which no lineage holds .name the"):
        command("make", "tools", *names)
