"""Cards are found in a checkout and in an installed package alike."""

import shutil
import subprocess
import sys
from pathlib import Path

import astra_data
from astra_data.resources import folder

PACKAGE = Path(astra_data.__file__).parent


def test_the_cards_of_this_installation_are_found() -> None:
    assert (folder("cards") / "_base.md.jinja").is_file()


def test_an_installed_package_holds_its_own_and_a_broken_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "astra_data" / "cards").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "resources.py"):
        shutil.copy(PACKAGE / name, tmp_path / "astra_data" / name)
    code = """
from astra_data.errors import UsageError
from astra_data.resources import folder
print(folder("cards"))
try:
    folder("recipes")
except UsageError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    cards, error = found.stdout.splitlines()
    assert cards == str(tmp_path / "astra_data" / "cards")
    assert "'recipes'" in error and "install astra-data again" in error
