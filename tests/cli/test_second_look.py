"""A second look at stored rows tells of what it looked at alone, wherever they lie, and its lineage says what it was."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra
from scripted_endpoint import Fault, ScriptedEndpoint, always

from astra_data.stages.trajectories import STAGE as TRAJECTORIES

RECIPE = ["--recipe", "small.yaml"]
HARSH = [*RECIPE, "--set", "trajectories.accept.abstained=0"]
RUN = ["--isolation", "best_effort"]


def version(hub: Path, name: str) -> Path:
    return hub / name / "versions" / (hub / name / "refs" / "main").read_text().strip()


def lineage(hub: Path, name: str) -> Any:
    return json.loads((version(hub, name) / "lineage.json").read_text())


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9])
def test_rows_beyond_the_limit_have_not_left(astra: Astra, limit: int) -> None:
    kept = [row["id"] for row in astra("show", "small-trajectories", "--json").lines()]
    words = ["score", "small-trajectories", "--to", "t", *HARSH, "--limit", limit]
    said, shown = astra(*words, "--json").json(), astra(*words)
    [stage] = said["stages"]
    assert (said["entered"], said["left"], said["open"]) == ([], kept[:limit], [])
    assert stage["funnel"]["items"] == min(limit, len(kept) + 1)
    beyond = max(len(kept) + 1 - limit, 0)
    assert stage["not_looked_at"] == beyond
    assert (f"not looked at, by --limit: {beyond} items of score\n" in shown.out) == (beyond > 0)


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("words", "stage", "beyond"), [
    (["audit", "small-environments", *RUN, "--limit", 1], "audit", 3),
    (["evaluate", "arena", "small-arenas", "--model", "oracle", *RUN, "--limit", 3, "--samples", 2], "evaluation", 2),
    (["evaluate", "arena", "small-arenas", "--model", "empty", *RUN, "--limit", 1, "--split", "train"], "evaluation", 3),
    (["make", "tasks", "small-tools", "small-chains", *RECIPE, "--limit", 3], "tasks", 1),
    (["make", "sft", "small-trajectories", "--limit", 2], "sft", 1),
])
def test_every_command_with_a_limit_tells_what_it_did_not_look_at(
    astra: Astra, words: list[Any], stage: str, beyond: int
) -> None:
    said = astra(*words, "--to", "t")
    assert f"not looked at, by --limit: {beyond} items of {stage}" in said.out, said.err
    assert astra(*words, "--to", "t", "--json").json()["stages"][0]["not_looked_at"] == beyond


@pytest.mark.usefixtures("made")
def test_an_export_with_a_limit_tells_it_too(astra: Astra) -> None:
    said = astra("convert", "small-environments", "--to-format", "harbor", "-o", "out", "--limit", 1)
    assert "not looked at, by --limit: 3 environments\n" in said.out
    whole = astra("convert", "small-environments", "--to-format", "astra_rl", "-o", "all", "--limit", 4, "--json")
    assert whole.json()["not_looked_at"] == 0


@pytest.mark.usefixtures("made")
def test_a_row_whose_judge_gave_no_answer_has_not_left(astra: Astra, here: Path) -> None:
    kept = [row["id"] for row in astra("show", "small-trajectories", "--json").lines()]
    with ScriptedEndpoint(lambda request: "", [always(Fault.status(500))]) as endpoint:
        judge = f"models: {{default: offline, judge: {{model: m, base_url: '{endpoint.base_url}', max_retries: 0}}}}\n"
        (here / "down.yaml").write_text("name: down\n" + judge)
        said = astra("score", "small-trajectories", "--recipe", "down.yaml", "--json")
    assert (said.json()["left"], said.json()["open"]) == ([], kept)


def test_just_the_rows_of_the_config_that_was_named_are_scored(astra: Astra, made: Path) -> None:
    [rejected] = astra("show", "small-trajectories#rejected", "--json").lines()
    lax = [*RECIPE, "--set", "trajectories.accept.answer=0.5"]
    said = astra("score", "small-trajectories#rejected", "--to", "t", *lax, "--json")
    assert (said.json()["entered"], said.json()["left"]) == ([rejected["id"]], [])
    assert [one["config"] for one in lineage(made, "t")["inputs"]] == ["rejected", "default"]


def test_the_lineage_says_which_stage_of_which_version_looked_at_which_rows(astra: Astra, made: Path) -> None:
    assert astra("score", "small-trajectories", "--to", "t", *RECIPE).code == 0
    assert astra("audit", "small-environments", "--to", "e", *RUN).code == 0
    scored, audited, first = lineage(made, "t"), lineage(made, "e"), lineage(made, "small-trajectories")
    assert (scored["kind"], scored["stage"], scored["stage_version"]) == ("trajectories", "score", TRAJECTORIES.version)
    assert (first["stage"], first["stage_version"]) == ("trajectories", TRAJECTORIES.version)
    assert (audited["kind"], audited["stage"]) == ("environments", "audit")
    assert {one["config"]: one["rows"] for one in scored["inputs"] if one["role"] == "trajectories"} == {
        one["config"]: one["rows"] for one in first["outputs"]}
    assert "#rejected" in (version(made, "t") / "README.md").read_text()


@pytest.mark.parametrize(("kind", "stage"), [("tasks", "tasks"), ("environments", "environments"), ("arenas", "arenas")])
def test_rows_from_a_file_have_no_config_of_a_stage(astra: Astra, made: Path, kind: str, stage: str) -> None:
    (made.parent / "rows.jsonl").write_text(astra("show", f"small-{kind}", "--json").out)
    assert astra("make", stage, "rows.jsonl", "--to", "t").code == 0
    record = lineage(made, "t")
    assert (record["kind"], record["config"]) == (kind, {})


FORMS = {
    "beside": lambda here: "./aside",
    "with a slash": lambda here: "./aside/",
    "from the root": lambda here: f"{here}/aside",
    "from above": lambda here: f"../{here.name}/aside",
    "with other letters": lambda here: f"{here}/My Data",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_is_an_address_like_any_other(astra: Astra, made: Path, form: str) -> None:
    def address(name: str) -> str:
        at = Path(FORMS[form](made.parent))
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(version(made, name), at)
        return FORMS[form](made.parent)

    scored = astra("score", address("small-trajectories"), *RECIPE, "--json")
    assert scored.code == 0, scored.err
    [stage] = scored.json()["stages"]
    assert stage["dataset"] == ("my-data-rescored" if "Data" in FORMS[form](made.parent) else "aside-rescored")
    record = (Path(stage["path"]) / "lineage.json").read_text()
    assert str(made.parent) not in record and json.loads(record)["inputs"][0]["address"].startswith(".")
    for name, words in {
        "small-environments": ["audit", "IT", *RUN],
        "small-arenas": ["evaluate", "arena", "IT", "--model", "oracle", *RUN],
        "small-sft": ["show", "IT"],
        "small-trajectories": ["make", "sft", "IT", "--to", "sft"],
    }.items():
        lies = address(name)
        said = astra(*(lies if word == "IT" else word for word in words))
        assert said.code == 0, (words, said.err)
    assert astra("convert", address("small-environments"), "--to-format", "harbor", "-o", "out").code == 0


def test_a_score_of_what_was_made_of_a_folder_finds_its_tasks(astra: Astra, made: Path, tmp_path: Path) -> None:
    shutil.copytree(version(made, "small-tasks"), tmp_path / "away")
    made_of = astra("make", "trajectories", "small-tools", str(tmp_path / "away"), "--to", "t", *RECIPE)
    assert made_of.code == 0, made_of.err
    assert astra("score", "t", *RECIPE).code == 0
