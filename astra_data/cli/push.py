"""`astra push ADDR org/name`: publish a stored version on the Hub."""

import dataclasses
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.errors import UsageError
from astra_data.hub.addresses import StoreAddress, parse
from astra_data.hub.publish import push
from astra_data.hub.store import Store, Version
from astra_data.terminal import say, say_json


@click.command("push")
@click.argument("address")
@click.argument("repo", metavar="ORG/NAME")
@click.option("--private", is_flag=True, help="Create the repo as a private one.")
@click.option("--tag", help="One more tag for this version.")
@click.option("--incomplete", is_flag=True, help="Publish it though it, or what it was made from, has quarantined rows.")
@options.store
@options.as_json
def command(address: str, repo: str, private: bool, tag: str | None, incomplete: bool, store: Path, as_json: bool) -> None:
    """Publish the dataset at ADDRESS as the Hub dataset ORG/NAME: one commit, one tag. Can be repeated."""
    parsed = parse(address)
    if not isinstance(parsed, StoreAddress):
        raise UsageError(f"{address} is not in the store", mend="pull it first, or give the name of a stored dataset")
    shelf = Store.open(store)
    version = shelf.version(parsed.name, parsed.version)
    if not incomplete and (gap := _incomplete(version, shelf)):
        mend = "run the same command again to retry what is quarantined, or push with --incomplete"
        raise UsageError(f"{gap.name}@{gap.tree[:12]} is incomplete", mend=mend)
    published = push(version, repo, private=private, tag=tag)
    if as_json:
        say_json(dataclasses.asdict(published))
        return
    say(f"{published.url}  commit {published.commit[:12]}, tag {published.tag}; "
        f"{published.sent} files sent, {published.skipped} were there")
    say(f'    load_dataset("{published.repo}", revision="{published.tag}", split="train")')


def _incomplete(version: Version, store: Store) -> Version | None:
    """The first version with quarantined rows among this one and those of the store that it was made from."""
    seen, left = {version.tree}, [version]
    while left:
        one = left.pop(0)
        record = one.lineage()
        if not record.complete:
            return one
        held = [store.holding(source.tree) for source in record.inputs if source.tree not in seen]
        left += [above for above in held if above is not None]
        seen |= {above.tree for above in left}
    return None
