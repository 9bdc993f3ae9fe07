"""The command line: `astra`, also installed as `astra-data`. One file per command, loaded when it is asked for."""

from astra_data.cli.main import main

__all__ = ["main"]
