"""`astra audit`: which stored environments hold, which do not and why, and what `astra show` says of it."""

import json
import random
import sys
from pathlib import Path

import pytest
from audit.sound import SOUND
from command_line import Astra

from astra_data.rows import to_dict
from benchmarks.cheats import CHEATS

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
RUN = ("--isolation", "best_effort")


@pytest.fixture
def stored(astra: Astra, here: Path) -> tuple[str, str]:
    """A dataset `mine` of a sound environment and one whose tool gives its answer to everybody; their ids."""
    sound = SOUND["released"]()
    cheat = CHEATS["constant"].make(sound, random.Random(1))
    assert cheat is not None
    (here / "rows.jsonl").write_text("\n".join(json.dumps(to_dict(row)) for row in (sound, cheat)))
    assert astra("make", "environments", "rows.jsonl", "--to", "mine").code == 0
    return sound.id, cheat.id


def test_a_cheat_leaves_and_comes_back_when_it_is_audited_as_it_was(astra: Astra, stored: tuple[str, str]) -> None:
    sound, cheat = stored
    said = astra("audit", "mine", *RUN)
    assert said.code == 0, said.err
    assert said.out.endswith(f"entered: 0\nleft: 1\n    {cheat}\n")
    assert [row["id"] for row in astra("show", "mine-audited", "--json").lines()] == [sound]
    (refused,) = astra("show", "mine-audited#rejected", "--json").lines()
    assert refused["id"] == cheat and refused["reasons"][0].startswith("audit: sensitivity - get_capacity: get_capacity(")
    again = astra("audit", "mine-audited", "--to", "again", *RUN, "--json").json()
    assert (again["entered"], again["left"], again["complete"]) == ([], [], True)
    assert [row["id"] for row in astra("show", "again#rejected", "--json").lines()] == [cheat]


def test_why_prints_every_check_and_those_that_failed_first(astra: Astra, stored: tuple[str, str]) -> None:
    assert astra("audit", "mine", *RUN).code == 0
    words = [line.split() for line in astra("show", "mine-audited#rejected", stored[1], "--why").out.splitlines()]
    verdicts = [line for line in words if line and line[0] in ("FAILED", "passed", "none")]
    assert ["FAILED", "sensitivity", "get_capacity"] in verdicts
    failed = [line[0] == "FAILED" for line in verdicts]
    assert failed == sorted(failed, reverse=True) and not all(failed)
    sound = astra("show", "mine-audited", stored[0], "--why").out
    assert "FAILED" not in sound and "passed  leakage" in sound
    assert "hackability 0" in astra("show", "mine-audited", stored[0]).out


@pytest.mark.usefixtures("stored")
def test_the_same_audit_is_found_and_not_made_again(astra: Astra) -> None:
    first, again = (astra("audit", "mine", *RUN, "--json").json()["stages"][0] for _ in range(2))
    assert (first["found"], again["found"], first["rows"] == again["rows"]) == (False, True, True)


@pytest.mark.usefixtures("made")
def test_other_rows_cannot_be_audited(astra: Astra) -> None:
    said = astra("audit", "small-tasks", *RUN)
    assert said.code == 2
    assert "holds tasks (give the address of environments)" in said.err
