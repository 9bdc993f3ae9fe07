"""Foreign forms of environments: importers and exporters, one module per format.

    for place, environment in importer("astra_rl").environments(Path("rows.jsonl")): ...
    exporter("harbor").write(environments, Path("tree"))

An importer gives a stage, so that what comes in is a dataset version like any other. An exporter writes a folder that
`load_dataset` reads without anything of ours. A format's module is imported when it is used.
"""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

from astra_data.formats.exporting import Refuse, raised
from astra_data.pipeline.stage import Stage
from astra_data.rows import Environment

IMPORTERS = {
    "astra_rl": "the four columns of ASTRA's released RL rows",
    "bfcl": "the multi-turn entries of an installed or unpacked bfcl-eval",
    "harbor": "a Harbor task tree that astra wrote",
}
EXPORTERS = {
    "astra_rl": "Parquet with the four columns of ASTRA's released RL rows",
    "harbor": "a Harbor task tree, one folder per environment",
}


class Importer(Protocol):
    """What the module of a format that can be read has."""

    def locate(self, source: str) -> Path | None:
        """The files that a word of this format's own names, such as an installed package; None for anything else."""

    def import_stage(self, source: Path) -> Stage:
        """A stage `environments` without inputs. Raises `DataError` naming file, row and field."""


class Exporter(Protocol):
    """What the module of a format that can be written has."""

    def require(self, environment: Environment) -> None:
        """Raise `DataError` for an environment that cannot be written, or is not what it says."""

    def write(self, environments: Iterable[Environment], folder: Path, card: str, refuse: Refuse = raised) -> int:
        """Write the environments under the empty `folder`, with `card` as its README.md; how many were written.

        `refuse` takes what `require` raises. Raises `DataError` where a file is there already.
        """


def importer(name: str) -> Importer:
    return cast(Importer, importlib.import_module(f"astra_data.formats.{name}"))


def exporter(name: str) -> Exporter:
    return cast(Exporter, importlib.import_module(f"astra_data.formats.{name}"))
