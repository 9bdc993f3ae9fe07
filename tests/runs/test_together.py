"""Several runs of one recipe at once, on one store: nothing is invented, nothing is paid twice, and there is one set of rows.

`ASTRA_TRIALS` sets how often.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from runs.bench import DEADLINE_S, Bench, sent_id
from runs.test_replay import NOWHERE

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rows import ROW_TYPES

TRIALS = int(os.environ.get("ASTRA_TRIALS", "1"))
TASKS = 10


def possible(row: dict[str, Any]) -> bool:
    """Whether a server that keeps notes could have given these results, one call after the other, from an empty list."""
    notes: list[str] = []
    calls = {call["id"]: call["function"] for message in row["messages"] for call in message.get("tool_calls") or ()}
    for message in row["messages"]:
        if message["role"] == "tool" and row["server"] == "notes":
            name, given = calls[message["tool_call_id"]]["name"], calls[message["tool_call_id"]]["arguments"]
            if name == "add_note":
                notes.append(given["text"])
            if name == "strike_note" and notes:
                del notes[given["number"] - 1]
                if message["content"] != json.dumps({"left": len(notes)}):
                    return False
            wanted = {
                "add_note": {"number": len(notes)}, "count_notes": {"notes": len(notes)},
                "find_notes": {"found": [note for note in notes if given.get("word", "") in note]},
            }.get(name)  # fmt: skip
            if wanted is not None and message["content"] != json.dumps(wanted):
                return False
    return True


def kept(bench: Bench, kind: str) -> list[dict[str, Any]]:
    """The rows of all versions of a dataset."""
    store = Store.open(bench.store)
    files = [path for tree in store.versions(f"desk-{kind}") for path in store.version(f"desk-{kind}", tree).files()]
    return list(read_rows(files, ROW_TYPES[kind]))


@pytest.mark.parametrize("trial", range(TRIALS))
@pytest.mark.parametrize("processes", [2, 4])
def test_runs_that_are_started_together_make_what_one_would(processes: int, trial: int, tmp_path: Path) -> None:
    bench, again = Bench.at(tmp_path / "bench"), Bench.at(tmp_path / "again")
    with bench.endpoint(says="varying") as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        started = [bench.start("run", recipe, "--store", bench.store, "--json") for _ in range(processes)]
        ended = [(process.communicate(timeout=DEADLINE_S), process.returncode) for process in started]
        assert [code for _, code in ended] == [0] * processes, [error[-2000:] for (_, error), _ in ended]
        questions = [sent_id(request["request"]) for request in endpoint.requests()]
    assert len(questions) == len(set(questions)), "a question was paid twice"
    rows = kept(bench, "trajectories")
    assert len(rows) >= TASKS // 2 and [row for row in rows if not possible(row)] == []
    assert [len(Store.open(bench.store).versions(f"desk-{kind}")) for kind in bench.made()] == [1] * len(bench.made())
    again.take_over(bench, "ledger.sqlite")
    again.run(again.recipe(NOWHERE, TASKS))
    assert again.made() == bench.made()
