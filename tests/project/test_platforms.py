"""What works without Linux: the whole of a run on live servers. Environments say at once what they need.

A process that takes itself for one on macOS stands for it: it has none of the calls that only Linux has.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import write_recipe

ELSEWHERE = """
import asyncio, ctypes, fcntl, multiprocessing.pool, os, socket, subprocess, sys, urllib.request, webbrowser
import anyio, click, mcp, mcp.client.stdio, orjson, polars, pyarrow, pydantic, rich
sys.platform = "darwin"
for module, names in ((os, "pidfd_open waitid memfd_create sched_getaffinity unshare setns"), (fcntl, "F_OFD_SETLK")):
    for name in filter(lambda name: hasattr(module, name), names.split()):
        delattr(module, name)
from astra_data.cli.main import main
main()
"""


def elsewhere(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ELSEWHERE, *words, "--store", "hub"]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300, check=False)


def test_a_run_on_live_servers_goes_from_tools_to_conversations(tmp_path: Path) -> None:
    said = elsewhere(tmp_path, "run", str(write_recipe(tmp_path)), "--json")
    assert said.returncode == 0, said.stderr
    stages = {stage["stage"]: stage["funnel"]["kept"] for stage in json.loads(said.stdout)["stages"]}
    assert stages.keys() == {"tools", "chains", "tasks", "trajectories", "sft"} and all(stages.values())


@pytest.mark.parametrize("words", ["run worlds --limit 1", "run tiny --limit 1"])
def test_what_needs_the_sandbox_says_so(words: str, tmp_path: Path) -> None:
    said = elsewhere(tmp_path, *words.split())
    assert said.returncode == 6
    assert "isolated by the Linux kernel alone (use Linux, a container on it, or WSL 2)" in said.stderr
