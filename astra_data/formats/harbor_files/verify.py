"""The reward of one trial, from the calls that the tool server has logged [A 15.3].

    python verify.py goals.json http://tools:8000/calls /logs/verifier

Writes `reward.txt` (the F1 reward) and `breakdown.json`. Without a log there is no reward: the file is not written, and the trial
has no score rather than a false one. Goals and reward are those of astra-data, file for file, in `astra_data/` beside this
script. Standard library alone.
"""

import json
import sys
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from astra_data.rollout.goals import Made, parsed
from astra_data.rollout.reward import breakdown
from astra_data.rows.environments import EnvironmentTurn, Goal, Match


def turn_of(value: dict[str, Any]) -> EnvironmentTurn:
    return EnvironmentTurn(value["user"], [Goal(**goal | {"match": Match(**goal["match"])}) for goal in value["goals"]])


def made_of(call: dict[str, Any]) -> Made:
    return Made(call["name"], call["arguments"], parsed(call["content"]), call["turn"], call["state"], call["before"])


def main(goals: str, log: str, folder: str) -> None:
    """Write the reward into the folder. Raises `OSError` where the log cannot be had."""
    wanted = json.loads(Path(goals).read_text(encoding="utf-8"))
    with urllib.request.urlopen(log, timeout=60) as reply:
        made = [made_of(call) for call in json.load(reply)]
    scored = breakdown([turn_of(turn) for turn in wanted["turns"]], made, wanted["parameters"])
    told = asdict(scored) | {"f1": scored.f1, "recall": scored.recall, "precision": scored.precision}
    Path(folder, "breakdown.json").write_text(json.dumps(told), encoding="utf-8")
    Path(folder, "reward.txt").write_text(f"{scored.f1!r}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
