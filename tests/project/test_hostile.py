"""What hostile things do is seen, and a few do nothing. All of them go through all commands in `benchmarks.hostile`."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hostile.around import Around
from benchmarks.hostile.judging import Found, judged
from benchmarks.hostile.lures import Lures, new_secrets
from benchmarks.hostile.running import Case, Ran, Runs, cases
from benchmarks.hostile.sites import Command, Site
from benchmarks.hostile.sound import Sound
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.texts import FAMILIES, written

QUICK = [
    Case("lineage", "tasks", "key", 0, "quick", ("pull", "show pulled")),
    Case("card", "tasks", "data files", 0, "quick", ("load(",)),
    Case("rows", "environments", "ids", 0, "quick", ("convert to harbor", "show ID")),
    Case("rows", "tools", "connections", 0, "f", ("make trajectories alone", "show tools")),
    Case("rows", "chains", "markup", 0, "quick", ("show chains", "show ID")),
    Case("tree", "bfcl", "modules beside", 0, "a", ("convert",)),
    Case("document", "openapi.yaml", "bombs", 0, "c", ("make", "show")),
    Case("answer", "arena", "shapes", 0, "quick", ("evaluate",)),
]
TREE = {"name": "add", "parameters": {"properties": {"a": {"type": "number"}, "b": {"type": "number"}}}, "tags": ["x", "y"]}


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    with Around(tmp_path_factory.mktemp("slot"), new_secrets(), torch=False) as running:
        yield running


@pytest.fixture
def lures(tmp_path: Path, around: Around) -> Lures:
    around.forget()
    return Lures.laid(tmp_path / "input", new_secrets(), around.trap.port)


def found_in(around: Around, lures: Lures, code: str, **changes: Any) -> Found:
    """What is found of a command that runs this code."""
    command = Command("code", {"code": code}, **changes)
    site = Site(random.Random(1), lures, Sound(lures.folder), around)
    before = lures.state()
    return judged(site, command, around.run(lures, command.order, limit_s=1.0), before, 0.1)


@pytest.mark.parametrize(("code", "field", "told"), [
    ("open('../outside/x', 'w').close()", "touched", "new: outside/x"),
    ("open('../outside/secret.txt', 'a').write('x')", "touched", "changed: outside/secret.txt"),
    ("import os; os.remove('../home/.netrc')", "touched", "gone: home/.netrc"),
    ("import os; os.makedirs('hub/a/keys'); open('hub/a/keys/x.json', 'w').close()", "touched", "new: here/hub/a"),
    ("print(open('../outside/secret.txt').read()[::-1])", "touched", "a secret in what it says"),
    ("import os; print(os.environ['LURE_SECRET'].encode().hex())", "touched", "a secret in what it says"),
    ("import os; os.makedirs('hub/a'); open('hub/a/x', 'w').write(open('../home/.netrc').read())", "touched",
     "a secret in here/hub/a/x"),
    ("import socket; socket.create_connection(('127.0.0.1', PORT)).send(b'hello')", "touched", "called: b'hello"),
    ("import subprocess; subprocess.run(['uvx', 'x'])", "touched", "new: touched/program-uvx"),
    ("import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)", "touched", "left running: sleep 60"),
    ("1 / 0", "traceback", "ZeroDivisionError"), ("import os; os.abort()", "traceback", "signal 6"),
    ("import sys; sys.exit(1)", "traceback", "exit 1"), ("import sys; sys.exit(3)", "traceback", "exit 3"),
    ("import time; time.sleep(60)", "hang", "time after"), ("while True: pass", "hang", "time after"),
    ("print('a\\x1b[31mb')", "raw", "in standard output"), ("import sys; print('\\x9b', file=sys.stderr)", "raw",
                                                            "in standard error"),
    ("print('a\\rb')", "raw", "'\\r' in standard output"),
])
def test_what_a_command_may_not_do_is_seen(around: Around, lures: Lures, code: str, field: str, told: str) -> None:
    code = code.replace("PORT", str(around.trap.port)).replace("os.environ['LURE_SECRET']", repr(lures.secrets["LURE_KEY"]))
    found = found_in(around, lures, code)
    assert told in getattr(found, field)
    assert not found.clean


def test_what_a_command_may_do_is_not_held_against_it(around: Around, lures: Lures) -> None:
    code = "import os, sys; os.makedirs('hub/a/refs'); open('hub/a/refs/main', 'w').close(); print('a\\tb', file=sys.stderr)"
    assert found_in(around, lures, f"{code}; sys.exit(3)", writes=("hub/a/",)) == Found("", "", "", "")
    odd = found_in(around, lures, "open('hub/a/refs/x', 'w').close()", writes=("hub/a/",))
    assert odd.touched == "odd in the store: here/hub/a/refs/x"


def test_a_seed_makes_the_same_texts_again_and_another_one_others(lures: Lures) -> None:
    for draw in FAMILIES.values():
        first, again, other = ([draw(random.Random(f"{seed}{number}"), lures) for number in range(20)] for seed in (1, 1, 2))
        assert first == again != other
        assert len(set(first)) > 5


def test_a_spoiled_tree_differs_and_one_with_other_texts_keeps_its_types(lures: Lures) -> None:
    drawn = [written(spoiled(random.Random(seed), TREE, lures)) for seed in range(30)]
    assert written(TREE) not in drawn and len(set(drawn)) > 25
    other = texts_spoiled(random.Random(1), TREE, lures, 1.0)
    assert other["name"] != TREE["name"] and other.keys() == TREE.keys() and len(other["tags"]) == 2


def test_there_are_as_many_inputs_as_are_asked_for_of_every_mutation() -> None:
    some, others = cases("1", each=1), cases("2", each=1)
    assert len(some) == len(others) >= 60 and {case.name for case in some} != {case.name for case in others}
    assert len(cases("1", each=2)) == 2 * len(some)
    assert len({(case.kind, case.spoil) for case in some}) == len(some)


@pytest.fixture(scope="module")
def quick(around: Around, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """The quick inputs, taken through some of their commands."""
    folder = tmp_path_factory.mktemp("quick")
    runs = Runs([around], Sound.made(folder / "sound", around, model=False, trees=False), folder / "kept")
    return {ran.case.name: ran for ran in runs.all(QUICK)}


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_a_hostile_thing_touches_nothing_and_is_told_in_words(quick: dict[str, Ran], case: Case) -> None:
    ran = quick[case.name]
    assert not ran.error and ran.results
    assert [(result.command.name, result.found.told()) for result in ran.results if not result.found.clean] == []
