"""Files that travel with the package: `cards` and `recipes`, at the top of a checkout, in the package of a wheel.

>>> (folder("cards") / "_base.md.jinja").name
'_base.md.jinja'
"""

from pathlib import Path
from typing import Literal

from astra_data.errors import UsageError


def folder(name: Literal["cards", "recipes"]) -> Path:
    """The folder `name` of this installation. Raises `UsageError` where it is missing."""
    package = Path(__file__).parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise UsageError(f"the installation has no folder {name!r}", mend="install astra-data again")
