"""`astra show`: a dataset, a row, why it scored what it scored, where it came from, and the rows themselves."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra

from astra_data.rows import ROW_TYPES

AXES = ["QU", "QP", "TCU", "TCP", "TCS", "TC", "FA"]


def ids(astra: Astra, address: str) -> list[str]:
    return [row["id"] for row in astra("show", address, "--json").lines()]


@pytest.mark.usefixtures("made")
def test_a_dataset_is_shown_with_its_pinned_address_funnel_and_first_rows(astra: Astra) -> None:
    shown = astra("show", "small-tasks")
    assert shown.code == 0 and shown.err == ""
    first = shown.out.splitlines()[0].split()
    assert first[0].startswith("small-tasks@") and len(first[0].partition("@")[2]) == 40 and first[1] == "tasks"
    assert shown.out.splitlines()[1] == "4 rows"
    assert [line.split()[0] for line in shown.out.splitlines()[-4:]] == ids(astra, "small-tasks")
    assert "First, get does" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 120
    assert astra("show", first[0]).out == shown.out


@pytest.mark.usefixtures("made")
def test_a_row_is_found_by_the_first_digits_of_its_id(astra: Astra) -> None:
    row_id = ids(astra, "small-trajectories")[0]
    shown = astra("show", "small-trajectories", row_id[:6]).out
    assert shown.startswith(f"{row_id}  manners  reward 1  answered\n")
    roles = [line.partition("] ")[2] for line in shown.splitlines() if line.startswith("[")]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "tool", "assistant"]
    assert '    -> write {"path": "/workspace/list.txt", "content": "Call the mill."}' in shown
    assert astra("show", "small-trajectories", row_id[:6], "--json").json()["id"] == row_id
    assert astra("show", "small-trajectories", "").code == 3


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("kind", list(ROW_TYPES))
def test_a_row_of_any_kind_can_be_read_on_a_page(astra: Astra, kind: str) -> None:
    row_id = ids(astra, f"small-{kind}")[0]
    for words in ([], ["--lineage"]):
        shown = astra("show", f"small-{kind}", row_id, *words)
        assert shown.code == 0 and row_id in shown.out
        assert max(map(len, shown.out.splitlines())) <= 130
        values = [line.split(maxsplit=1)[1:] for line in shown.out.splitlines()]
        assert ["None"] not in values and ["[]"] not in values


@pytest.mark.usefixtures("made")
def test_a_question_is_shown_with_what_it_comes_apart_into(astra: Astra) -> None:
    row = next(row for row in astra("show", "small-questions", "--json").lines() if row["scenario"] == "parallel_multi_hop")
    shown = astra("show", "small-questions", row["id"]).out.splitlines()
    assert shown[0] == f"{row['id']}  parallel_multi_hop  places  3 hops"
    assert shown[1:3] == [row["question"], f'= "{row["answer"]}"']
    first = row["nodes"][0]
    assert shown[4] == "  last: Which of them is more? = \"the first\"  (no tool)"
    assert f"      n1: {first['question']} = {first['answer']}" in shown


@pytest.mark.usefixtures("made")
def test_an_environment_is_shown_with_its_goals_and_the_signatures_of_its_tools(astra: Astra) -> None:
    row = next(row for row in astra("show", "small-environments", "--json").lines() if len(row["turns"]) == 2)
    shown = astra("show", "small-environments", row["id"]).out
    assert "\n[0] Go to work and look.\n" in shown and "\n[1] Make done.txt there.\n" in shown
    assert '\n    cd: cd {"folder": "work"} = null\n' in shown
    assert "\ntouch(name: string)\n    Makes a file.\n" in shown and "hackability" not in shown


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("kind", ["questions", "environments"])
def test_a_list_of_rows_says_what_each_asks_and_of_what_domain(astra: Astra, kind: str) -> None:
    first = astra("show", f"small-{kind}", "--json").lines()[0]
    asked = first["question"] if kind == "questions" else first["turns"][0]["user"]
    line = next(line for line in astra("show", f"small-{kind}").out.splitlines() if line.startswith(first["id"]))
    assert line.split()[1] == first["domain"] and asked[:40] in line


@pytest.mark.usefixtures("made")
def test_a_server_is_shown_with_the_signatures_of_its_tools(astra: Astra) -> None:
    shown = astra("show", "small-tools", ids(astra, "small-tools")[0]).out
    assert "\nadd(a: number, b: number)\n    Does add and says what came of it.\n" in shown
    assert "license        MIT\n" in shown and "source         live, mcp.json#manners\n" in shown


@pytest.mark.usefixtures("made")
def test_why_gives_every_axis_with_its_value_or_why_it_has_none(astra: Astra) -> None:
    for row in astra("show", "small-trajectories", "--json").lines():
        shown = astra("show", "small-trajectories", row["id"], "--why").out
        blocks = shown.strip().split("\n\n")[1:]
        assert [block.split()[0] for block in blocks] == AXES
        for block, score in zip(blocks, row["scores"], strict=True):
            head, reason, *_ = block.splitlines()
            assert head.endswith(f"by {score['judge']}")
            value = "null" if score["value"] is None else f"{score['value']:.3g}"
            assert value in head.split()
            assert score["reason"][:60] in block
            assert (score["value"] is None) == reason.strip().startswith(("abstained: ", "not applicable: "))


@pytest.mark.usefixtures("made")
def test_why_gives_what_the_judge_of_tasks_said(astra: Astra) -> None:
    row = astra("show", "small-tasks", "--json").lines()[0]
    blocks = astra("show", "small-tasks", row["id"], "--why").out.strip().split("\n\n")[1:]
    assert [block.split()[0] for block in blocks] == [score["axis"] for score in row["scores"]]
    assert all(score["reason"] in " ".join(block.split()) for block, score in zip(blocks, row["scores"], strict=True))


@pytest.mark.usefixtures("made")
def test_a_rejected_row_says_why_it_was_not_accepted(astra: Astra) -> None:
    rows = astra("show", "small-trajectories#rejected", "--json").lines()
    assert rows and all(row["reasons"] for row in rows)
    for row in rows:
        for words in ([], ["--why"]):
            shown = astra("show", "small-trajectories#rejected", row["id"], *words).out
            assert f"not accepted: {row['reasons'][0]}" in shown
    listed = astra("show", "small-trajectories#rejected").out
    assert "why not" in listed and rows[0]["reasons"][0] in listed
    assert "also #rejected" in astra("show", "small-trajectories").out


@pytest.mark.usefixtures("made")
def test_lineage_walks_from_a_training_row_back_to_the_tools(astra: Astra) -> None:
    along_a_chain = [row["id"] for row in astra("show", "small-tasks", "--json").lines() if row["chain_id"]]
    kinds = []
    for row_id in ids(astra, "small-sft"):
        steps = astra("show", "small-sft", row_id, "--lineage", "--json").json()
        kinds.append([step["dataset"] for step in steps])
        for below, above in pairwise(steps):
            assert above["id"] in below.values()
            assert above["address"].startswith(f"small-{above['dataset']}@")
        assert steps[-1]["tools"][0] == "echo" and steps[-1]["source"]["uri"] == "mcp.json#manners"
        shown = astra("show", "small-sft", row_id, "--lineage").out
        assert all(step["id"] in shown and step["address"] in shown for step in steps)
    whole = ["sft", "trajectories", "tasks", "chains", "tools"]
    assert kinds.count(whole) == len(along_a_chain) == 1
    assert all(kind == [name for name in whole if name != "chains"] for kind in kinds if kind != whole)


def test_lineage_ends_where_rows_came_from_a_file_and_names_what_is_gone(astra: Astra, made: Path) -> None:
    (made.parent / "rows.jsonl").write_text(astra("show", "small-tasks", "--json").out)
    assert astra("make", "tasks", "rows.jsonl", "--to", "mine").code == 0
    steps = astra("show", "mine", ids(astra, "mine")[0], "--lineage", "--json").json()
    assert [step["dataset"] for step in steps] == ["tasks"]
    (made / "small-chains").rename(made / "away")
    said = astra("show", "small-tasks", ids(astra, "small-tasks")[0], "--lineage")
    assert said.code == 3 and "no dataset 'small-chains'" in said.err


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("kind", list(ROW_TYPES))
def test_printed_rows_come_back_as_the_same_version(astra: Astra, here: Path, kind: str) -> None:
    (here / "rows.jsonl").write_text(astra("show", f"small-{kind}", "--json").out)
    made: Any = astra("make", kind, "rows.jsonl", "--to", "again", "--json").json()
    assert made["complete"] is True and made["stages"][0]["funnel"]["kept"] > 0
    assert astra("show", "again", "--json").out == astra("show", f"small-{kind}", "--json").out
    lineages = [next((here / "hub" / name / "versions").glob("*/lineage.json")) for name in ("again", f"small-{kind}")]
    rows = [[output["rows"] for output in json.loads(path.read_text())["outputs"]] for path in lineages]
    assert rows[0][0] == rows[1][0]


@pytest.mark.usefixtures("made")
def test_questions_about_a_row_need_a_row_that_can_answer(astra: Astra) -> None:
    for words, mend in (
        (["small-tasks", "--why"], "name it: astra show ADDRESS ID"),
        (["small-tasks", "--lineage"], "name it: astra show ADDRESS ID"),
        (["small-tools", ids(astra, "small-tools")[0], "--why"], "--why is for trajectories, tasks, chains and rejected rows"),
    ):
        said = astra("show", *words)
        assert said.code == 2 and said.err.rstrip().endswith(f"({mend})")


@pytest.mark.usefixtures("made")
def test_a_reader_that_closes_the_pipe_early_gets_no_traceback(here: Path) -> None:
    command = f"{sys.executable} -c 'from astra_data.cli import main; main()' show small-tools --json"
    done = subprocess.run(["bash", "-c", f"{command} | head -c 10"], capture_output=True, text=True)
    assert done.stdout == '{"id":"' + done.stdout[7:] and "Traceback" not in done.stderr
