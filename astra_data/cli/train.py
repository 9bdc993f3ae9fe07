"""`astra train sft|grpo`: train a model from a recipe, say what that would take, or push what came of it."""

import importlib
from pathlib import Path
from typing import cast

import click

from astra_data.cli import options
from astra_data.hub.addresses import check_repo
from astra_data.terminal import say, say_json


@click.command("train", context_settings={"ignore_unknown_options": True})
@click.argument("kind", type=click.Choice(["sft", "grpo"]))
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED, metavar="[--KEY VALUE]...")
@click.option("--config", required=True, metavar="RECIPE", help="YAML file, or the name of a packaged recipe such as tiny.")
@click.option("--dry-run", is_flag=True, help="Check the recipe, and say how many steps, processes and bytes it takes.")
@click.option("--push", metavar="ORG/NAME", help="Publish the model with its card as this Hub model.")
@click.option("--private", is_flag=True, help="Create the Hub model as a private one.")
@options.store
@options.as_json
def command(kind: str, overrides: tuple[str, ...], config: str, dry_run: bool, push: str | None, private: bool, store: Path,
            as_json: bool) -> None:
    """Train by TRL as the recipe says: SFT on conversations, GRPO on arenas.

    --KEY VALUE overrides one value of the recipe, such as --model.context 4096; a key without a section is a field of TRL's
    config, such as --learning_rate 1e-5. Running again goes on from the last checkpoint; of a finished run it does what is left.
    """
    from astra_data.training import recipe as recipes
    from astra_data.training.run import Told, require_packages

    if push is not None:
        check_repo(push)
    chosen = cast(recipes.Kind, kind)
    recipe = recipes.load(recipes.find(config, chosen), chosen, overrides)
    require_packages()
    module = importlib.import_module(f"astra_data.training.{kind}")
    told = Told(store=store, push=push, private=private, command=options.recorded("train", kind, "--config", config, *overrides))
    said = module.plan(recipe, told) if dry_run else module.train(recipe, told)
    if as_json:
        say_json(said.as_object())
        return
    for line in said.as_text().split("\n"):
        say(line)
