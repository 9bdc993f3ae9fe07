"""Questions from the command line: a recipe of worlds needs no servers, and trajectories are taken apart by their address."""

from pathlib import Path
from typing import Any

import pytest
from command_line import Astra

WORLDS = "name: tiny\nseed: 7\nquestions: {worlds: {count: 4, hops: 2}}\n"


def rows(astra: Astra, address: str) -> list[dict[str, Any]]:
    return astra("show", address, "--json").lines()


def test_a_recipe_of_worlds_makes_questions_and_no_tools(astra: Astra, here: Path) -> None:
    (here / "r.yaml").write_text(WORLDS)
    planned = astra("run", "r.yaml", "--dry-run", "--only", "questions").out
    assert [line.split() for line in planned.splitlines()] == [["questions", "tiny-questions", "would", "run"]]
    whole = astra("run", "r.yaml", "--dry-run").out
    assert "tiny-questions" in whole and "tiny-tools" not in whole and "tiny-sft" not in whole
    said = astra("run", "r.yaml", "--only", "questions", "--json")
    assert said.code == 0, said.err
    assert [(one["stage"], one["funnel"]["kept"]) for one in said.json()["stages"]] == [("questions", 4)]
    assert astra("run", "r.yaml", "--only", "questions", "--json").json()["stages"][0]["found"]
    assert "found" in astra("run", "r.yaml", "--dry-run", "--only", "questions").out
    assert {row["quality"] for row in rows(astra, "tiny-questions")} == {1.0}


def test_questions_are_made_alone_of_what_the_recipe_names(astra: Astra, here: Path) -> None:
    (here / "r.yaml").write_text(WORLDS)
    assert astra("run", "r.yaml", "--only", "questions").code == 0
    assert astra("make", "questions", "--recipe", "r.yaml", "--to", "alone").code == 0
    assert rows(astra, "alone") == rows(astra, "tiny-questions")


@pytest.mark.usefixtures("made")
def test_trajectories_are_taken_apart_and_can_be_walked_back_to(astra: Astra) -> None:
    said = astra("make", "questions", "small-trajectories", "--to", "apart", "--json")
    assert said.code == 0, said.err
    (stage,) = said.json()["stages"]
    found = rows(astra, "apart")
    assert found and len(found) == stage["funnel"]["kept"]
    made = {row["id"]: row for row in rows(astra, "small-trajectories")}
    for row in found:
        calls = [record["tool"] for record in made[row["knowledge"]["trajectory_id"]]["calls"]]
        assert {node["call"]["tool"] for node in row["nodes"]} <= set(calls)
    steps = astra("show", "apart", found[0]["id"], "--lineage", "--json").json()
    assert [step["dataset"] for step in steps][:3] == ["questions", "trajectories", "tasks"]
    assert steps[1]["id"] == found[0]["knowledge"]["trajectory_id"]


@pytest.mark.usefixtures("made")
def test_a_recipe_may_make_trajectories_and_take_them_apart(astra: Astra) -> None:
    said = astra("run", "small.yaml", "questions.trajectories=small-trajectories", "--only", "questions", "--json")
    assert said.code == 0, said.err
    astra("make", "questions", "small-trajectories", "--to", "apart")
    assert rows(astra, "small-questions") == rows(astra, "apart")


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["small-tools"], "questions reads trajectories, and was given tools"),
        (["small-trajectories", "small-trajectories"], "give one address of trajectories each"),
        ([], "the recipe names nothing to start from"),
        (["nowhere"], "nowhere"),
    ],
)
def test_other_sources_are_refused(astra: Astra, words: list[str], error: str) -> None:
    said = astra("make", "questions", *words, "--to", "q")
    assert said.code in (2, 3) and error in said.err
