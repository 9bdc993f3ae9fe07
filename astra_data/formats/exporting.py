"""What exporters share: which environments may go out, and files that land in their folder and nowhere else.

    require(environment)                                    # DataError, where its id is not that of its content
    fitting(environments, require, refuse)                  # those that may; `refuse` is told of the others
    put(folder, "3f2a.../tests/test.sh", text, mode=0o755)
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from astra_data.errors import DataError, Place
from astra_data.filenames import inside
from astra_data.rows import Environment, canonical, identity, to_dict
from astra_data.rows.shapes import shape_error

Refuse = Callable[[DataError], object]
"""Takes the error of an environment that does not go out."""


def raised(error: DataError) -> NoReturn:
    """A `Refuse` that nothing gets past."""
    raise error


def fitting(environments: Iterable[Environment], require: Callable[[Environment], None], refuse: Refuse) -> Iterator[Environment]:
    """The environments that go out; each is looked at once."""
    for environment in environments:
        try:
            require(environment)
        except DataError as error:
            refuse(error)
        else:
            yield environment


def require(environment: Environment) -> None:
    """Raise `DataError` unless the environment can be stored, has JSON of the right shape, and the id of its content."""
    row = to_dict(environment)
    try:
        canonical(row)
    except TypeError as error:
        raise refused(environment, f"JSON cannot hold it: {error}") from error
    if environment.id != identity(Environment, row):
        raise refused(environment, "its id is not that of its content")
    if wrong := shape_error(Environment, row):
        raise refused(environment, wrong)


def refused(environment: Environment, message: str) -> DataError:
    """The error of an environment that does not go out."""
    return DataError(message, place=Place(f"environment {environment.id!r:.40}"), mend="leave it out")


def put(folder: Path, name: str, text: str, mode: int = 0o644) -> None:
    """Write a new file of the folder. Raises `DataError` as `new_file` does."""
    with new_file(folder, name) as file:
        file.write(text.encode())
        os.fchmod(file.fileno(), mode)


def new_file(folder: Path, name: str) -> BinaryIO:
    """A file of the folder to write, with the folders on the way. Raises `DataError` if something is there, be it a link."""
    path = inside(folder, *name.split("/"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", place=Place(name), mend="name a new folder") from error
