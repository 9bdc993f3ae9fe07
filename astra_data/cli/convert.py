"""`astra convert`: environments from foreign forms into the store, and from a dataset into foreign forms."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.cli.run import as_object, tell_outcome
from astra_data.console import plain_console
from astra_data.errors import DataError, Place, UsageError
from astra_data.formats import EXPORTERS, IMPORTERS, exporter, importer
from astra_data.formats.card import card
from astra_data.hub.addresses import FolderAddress, HubAddress, parse
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.sources import lineage_of, source_at
from astra_data.pipeline.stage import Rows
from astra_data.rows import Environment
from astra_data.terminal import say, say_json


@click.command("convert")
@click.argument("source")
@click.option("--from", "read_as", type=click.Choice(list(IMPORTERS)), help="Form of SOURCE, which becomes a dataset.")
@click.option("--to", "name", metavar="NAME", help="Name of the new dataset in the store.")
@click.option("--to-format", "write_as", type=click.Choice(list(EXPORTERS)), help="Form to write the dataset SOURCE in.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write; it must not exist, or be empty.")
@click.option("--isolation", type=click.Choice(["strict", "best_effort"]),
              help="For --from bfcl: whether code may run where the kernel isolates it less than it could; strict by default.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N environments.")
@options.store
@options.as_json
def command(source: str, read_as: str | None, name: str | None, write_as: str | None, output: Path | None,
            isolation: str | None, limit: int | None, store: Path, as_json: bool) -> None:
    """Read environments from a foreign form, or write them in one.

    With --from and --to, SOURCE is a file, a folder, a dataset on the Hub (org/name), or for `bfcl` the word bfcl-eval: the
    installed package. With --to-format and -o, SOURCE is the address of environments.
    """
    if read_as and name and not write_as and not output:
        _read(source, read_as, name, isolation, limit, store, as_json)
    elif write_as and output and not read_as and not name:
        _write(source, write_as, output, limit, store, as_json)
    else:
        raise UsageError("convert goes one way at a time", mend="give --from and --to NAME, or --to-format and -o FOLDER")


def _read(source: str, form: str, name: str, isolation: str | None, limit: int | None, store: Path, as_json: bool) -> None:
    stage = importer(form).import_stage(_located(source, form))
    if isolation and "isolation" not in stage.config.model_fields:
        raise UsageError(f"reading {form} runs no code", mend="leave --isolation away")
    chosen = {"isolation": isolation} if isolation else {}
    more = ("--isolation", isolation) if isolation else ()
    shown = options.recorded("convert", source, "--from", form, *more, "--to", name, limit=limit)
    recipe = Recipe(RecipeHead(name="convert"), {stage.name: stage.config.model_validate(chosen)}, Path(), "none")
    told = Options(store, limit=limit, command=shown, to=name)
    outcome = asyncio.run(execute(recipe, {stage.name: stage}, told, plain_console(err=True, quiet=as_json)))
    say_json(as_object(outcome)) if as_json else tell_outcome(outcome)
    outcome.check()


def _located(source: str, form: str) -> Path:
    """The files behind a word of the format's own, a path, or an address of the Hub."""
    if found := importer(form).locate(source):
        return found
    path = Path(source).expanduser()
    if path.is_file():
        return path
    address = parse(source)
    if isinstance(address, HubAddress):
        return resolve(address).path
    if not path.is_dir():
        raise DataError("there is no such file or folder", place=Place(source),
                        mend="check the path; org/name is a dataset on the Hub")
    return path


def _write(source: str, form: str, output: Path, limit: int | None, store: Path, as_json: bool) -> None:
    place = resolve(parse(source), Store.open(store))
    environments = source_at(place)
    if environments.record.role != "environments":
        raise UsageError(f"{source} holds {environments.record.role}", mend="give the address of environments")
    is_folder = isinstance(parse(source), FolderAddress)
    name = place.path.absolute().name if is_folder else place.address.partition("@")[0].rpartition("/")[2]
    text = card(form, lineage_of(place), name, place.tree)
    with _new_folder(output) as folder:
        written = exporter(form).write(_limited(environments.rows, limit), folder, text, _tell_refused)
    beyond = max(len(environments.rows) - limit, 0) if limit else 0
    if as_json:
        say_json({"format": form, "environments": written, "from": place.address, "not_looked_at": beyond})
    else:
        say(f"{written} environments as {form} in {output}")
        if beyond:
            say(f"not looked at, by --limit: {beyond} environments")
        say(f'    load_dataset("{output}", split="train")')


def _tell_refused(error: DataError) -> None:
    say(f"astra: {error}", err=True)


def _limited(rows: Rows, limit: int | None) -> Iterator[Environment]:
    """So many environments. At the end it is told which rows are none."""
    yield from islice(rows, limit)
    for unfit in sorted(rows.left_out):
        options.tell_left_out(unfit)


@contextmanager
def _new_folder(output: Path) -> Iterator[Path]:
    """A folder that takes the place of `output` once it is filled, and goes if it is not."""
    if output.is_symlink() or output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise UsageError(f"{output} is there already", mend="name a folder that does not exist")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=output.parent, prefix=".astra-"))
    except OSError as error:
        raise UsageError(f"{output} cannot be made: {error.strerror}", mend="name one where you may write") from error
    try:
        yield folder
        folder.chmod(0o755)
        _take(folder, output)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _take(folder: Path, output: Path) -> None:
    """Rename the folder. An empty one that was there gives way, and nothing else does."""
    try:
        folder.rename(output)
    except OSError as error:
        raise UsageError(f"{output} cannot be made: {error.strerror}", mend="name a folder that does not exist") from error
