"""A finished run pushed to a Hub on the loopback interface by the command, and the model loaded from there, by another process.

    found = pushed(work, "sft", "org/shop")        # the command's answer, and what the Hub gives back
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from loopback_hub import LoopbackHub

ROOT = Path(__file__).parents[1]
CODE = """
import json, sys, torch
from astra_data.cli.main import main
kind, repo, folder, *words = sys.argv[1:]
sys.argv = ["astra", "train", kind, "--config", "r.yaml", "--store", "hub", "--push", repo, "--json", *words]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
from huggingface_hub import ModelCard, hf_hub_download
from transformers import AutoModelForCausalLM, AutoTokenizer
loaded, own = AutoModelForCausalLM.from_pretrained(repo), AutoModelForCausalLM.from_pretrained(folder)
assert AutoTokenizer.from_pretrained(repo).chat_template
print(json.dumps({
    "same": all(torch.equal(a, b) for a, b in zip(loaded.parameters(), own.parameters(), strict=True)),
    "card": ModelCard.load(repo).content,
    "lineage": json.load(open(hf_hub_download(repo, "lineage.json"))),
}))
"""


class Pushed(NamedTuple):
    """What the command printed; whether the Hub's weights are those of the folder; the Hub's card and lineage."""

    told: dict[str, Any]
    same: bool
    card: str
    lineage: dict[str, Any]


def pushed(work: Path, kind: str, repo: str, folder: str, words: Sequence[str] = ()) -> Pushed:
    """Push the finished run of `work/r.yaml` with these words, and load it. Its model lies in `folder`."""
    with LoopbackHub(work / "remote") as hub:
        env = os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_loopback", "HF_HOME": str(work / "home"),
                            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", CODE, kind, repo, folder, *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert not hub.errors
    assert done.returncode == 0, done.stderr[-2000:]
    told, found = (orjson.loads(line) for line in done.stdout.splitlines())
    return Pushed(told, found["same"], found["card"], found["lineage"])
