"""`astra pull org/name@rev`: bring a Hub dataset into the store."""

from pathlib import Path

import click

from astra_data.cli import options
from astra_data.errors import UsageError
from astra_data.hub.addresses import HubAddress, parse
from astra_data.hub.publish import pull
from astra_data.hub.store import Store
from astra_data.terminal import say, say_json


@click.command("pull")
@click.argument("address", metavar="ORG/NAME[@REVISION]")
@click.option("--to", metavar="NAME", help="Name in the store; by default the last part of ORG/NAME.")
@options.store
@options.as_json
def command(address: str, to: str | None, store: Path, as_json: bool) -> None:
    """Copy a revision of a Hub dataset into the store, exactly as it was published."""
    parsed = parse(address)
    if not isinstance(parsed, HubAddress):
        raise UsageError(f"{address} is not on the Hub", mend="give ORG/NAME, or ORG/NAME@REVISION")
    version = pull(parsed.repo, parsed.revision, Store.open(store), to)
    if as_json:
        say_json({"name": version.name, "tree": version.tree, "path": str(version.path)})
        return
    say(f"{version.name}@{version.tree[:12]}")
    say(f'    load_dataset("{version.path}", split="train")')
