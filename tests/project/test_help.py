"""`astra --help` is quick, because no command is loaded for it."""

import json
import subprocess
import sys

SECONDS = 0.3
TRIES = 5
MEASURE = """
import json, sys, time
sys.argv = ["astra", *{words}]
from astra_data.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps({{"seconds": time.process_time(), "modules": sorted(sys.modules)}}), file=sys.stderr)
"""


def measured(*words: str) -> tuple[str, float, set[str]]:
    """Output, seconds of processor time from the start of the interpreter, and modules of one `astra` command."""
    command = [sys.executable, "-c", MEASURE.format(words=list(words))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    report = json.loads(done.stderr.splitlines()[-1])
    return done.stdout, report["seconds"], set(report["modules"])


def test_help_is_quick() -> None:
    fastest = min(measured("--help")[1] for _ in range(TRIES))
    assert fastest < SECONDS


def test_help_names_every_command_and_loads_none() -> None:
    from astra_data.cli.main import COMMANDS

    shown, _, modules = measured("--help")
    assert {name for name in COMMANDS if f"  {name} " in shown} == set(COMMANDS)
    assert modules & {"datasets", "torch", "polars", "pyarrow", "mcp", "openai", "huggingface_hub", "pydantic"} == set()
    assert modules & {f"astra_data.cli.{name}" for name in COMMANDS} == set()


def test_a_command_is_loaded_when_it_is_run() -> None:
    _, _, modules = measured("doctor", "--help")
    assert "astra_data.cli.doctor" in modules
