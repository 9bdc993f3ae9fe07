"""What a person's shell allows less of than a run needs is told in one line, with the limit that would have to be raised."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Recipe

ENTRY = "from astra_data.cli.main import main; main()"
LIMITS = {
    "files of a size": ("ulimit -f 8", "(raise `ulimit -f`"),
    "descriptors": ("ulimit -n 24", "(raise `ulimit -n`"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_that_is_too_low_is_named_and_no_traceback_is_shown(limit: str, recipe: Recipe, here: Path) -> None:
    set_to, line = LIMITS[limit]
    command = f'{set_to} && exec "$@"'
    words = ["bash", "-c", command, "bash", sys.executable, "-P", "-c", ENTRY, "run", str(recipe()), "--store", str(here / "hub")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 3 and line in done.stderr.splitlines()[-1]
