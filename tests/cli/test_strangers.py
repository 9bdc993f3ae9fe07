"""What a stranger's lineage names is not fetched, opened or gone round in: commands say where it ends."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra, contents
from scripted_questions import QUESTIONS
from strange_versions import FILE, record_of, rewrite, rewrite_file

from astra_data.cli.push import _incomplete
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Writer, read_rows, rows_digest
from astra_data.rows import Question, Trajectory, to_dict

OTHER = "d" * 40


@pytest.fixture
def theirs(made: Path, tmp_path: Path) -> Path:
    """The trajectories of a store, as somebody hands them over in a folder."""
    folder = tmp_path / "theirs"
    [version] = (made / "small-trajectories" / "versions").iterdir()
    shutil.copytree(version, folder)
    return folder


def named(folder: Path, **values: Any) -> str:
    """Let the lineage name tasks elsewhere; the id of a row."""
    rewrite(folder, inputs=[source | values if source["role"] == "tasks" else source for source in record_of(folder)["inputs"]])
    return str(next(read_rows([folder / FILE], Trajectory))["id"])


def pulled(folder: Path, store: Path, name: str = "theirs") -> None:
    place = resolve(str(folder))
    assert place.record is not None
    Store.open(store).adopt(folder, place.record, name, Origin("evil/theirs", "c" * 40))


ELSEWHERE = {
    "a repo": {"address": f"evil/tasks@{'a' * 40}", "repo": "evil/tasks", "commit": "a" * 40, "tree": OTHER},
    "a branch of a repo": {"address": "evil/tasks", "tree": OTHER},
    "a folder": {"address": "./canary", "tree": OTHER},
    "a folder of the machine": {"address": "/", "tree": OTHER},
    "a name of the store": {"address": "small-chains", "tree": OTHER},
    "no address": {"address": "-rf", "tree": OTHER},
}


@pytest.mark.parametrize("values", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("where", ["a folder", "pulled"])
def test_the_lineage_of_others_leads_to_no_other_place(
    astra: Astra, made: Path, theirs: Path, here: Path, values: dict[str, Any], where: str
) -> None:
    [version] = (made / "small-tasks" / "versions").iterdir()
    shutil.copytree(version, here / "canary")
    row, address = named(theirs, **values), str(theirs)
    if where == "pulled":
        pulled(theirs, made)
        address = "theirs"
    for words in (("show", address, row, "--lineage"), ("score", address, "--to", "again")):
        said = astra(*words)
        assert said.code == 3 and "its tasks are not in this store" in said.err and "not followed" in said.err, said
    assert astra("show", address, row).code == 0


def test_it_leads_on_to_what_the_store_holds(astra: Astra, made: Path, theirs: Path) -> None:
    row = named(theirs, address="elsewhere@abcdef0")
    pulled(theirs, made)
    assert astra("score", "theirs", "--to", "again").code == 0
    steps = json.loads(astra("show", str(theirs), row, "--lineage", "--json").out)
    assert [step["dataset"] for step in steps] == ["trajectories", "tasks", "chains", "tools"]
    assert steps[1]["address"].startswith("small-tasks@")


def test_a_lineage_that_leads_back_to_itself_ends(astra: Astra, made: Path, tmp_path: Path) -> None:
    [version] = (made / "small-questions" / "versions").iterdir()
    folder = tmp_path / "theirs"
    shutil.copytree(version, folder)
    (folder / FILE).unlink()
    question = replace(QUESTIONS[0], knowledge={"question_id": QUESTIONS[0].id})
    with Writer(folder / "data", Question) as writer:
        writer.write(to_dict(question))
    rewrite_file(folder, sha256=sha256_file(folder / FILE), size=(folder / FILE).stat().st_size)
    digest = rows_digest([to_dict(question)], Question)
    place = resolve(str(folder))
    source = {"role": "questions", "address": "theirs", "repo": None, "commit": None, "tree": place.tree, "rows": digest}
    rewrite(folder, inputs=[source], outputs=[record_of(folder)["outputs"][0] | {"rows": digest, "num_rows": 1}])
    pulled(folder, made)
    said = astra("show", "theirs", question.id, "--lineage")
    assert said.code == 3 and said.err.startswith("astra: ")
    store = Store.open(made)
    assert _incomplete(store.version("theirs"), store) is None


def test_what_was_pulled_is_shown_with_where_it_is_from(astra: Astra, made: Path, theirs: Path) -> None:
    pulled(theirs, made)
    said = astra("show", "theirs")
    assert said.code == 0 and f"trajectories, pulled from evil/theirs@{'c' * 40}" in said.out.splitlines()[0]


def test_a_stage_on_what_was_pulled_says_where_it_is_from(astra: Astra, made: Path, theirs: Path) -> None:
    pulled(theirs, made)
    said = astra("make", "sft", "theirs", "--to", "mine")
    assert said.code == 0 and f"pulled from evil/theirs@{'c' * 40}" in said.err


def test_a_command_on_damaged_data_changes_nothing_and_names_the_mend(astra: Astra, made: Path) -> None:
    [file] = (made / "small-trajectories" / "versions").glob(f"*/{FILE}")
    file.write_bytes(file.read_bytes()[:-1] + b"2")
    before = contents(made)
    for words in (("make", "sft", "small-trajectories", "--to", "x"), ("score", "small-trajectories", "--to", "x"),
                  ("show", "small-trajectories"), ("show", "small-trajectories", "--json")):
        said = astra(*words)
        assert said.code == 3 and said.err.rstrip().endswith("(make or pull the version again)"), said
    assert contents(made) == before
    assert astra("run", "small.yaml").code == 0 and astra("show", "small-trajectories").code == 0
