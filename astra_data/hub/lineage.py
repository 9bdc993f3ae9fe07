"""Lineage: the record, inside every version, of what it was made from and how to make it again.

`lineage.json` holds no clock time, no machine path and no commit of its own, so that equal runs write equal records.
Commits of inputs are 40 digits; an input that is only in a store has `repo` null. See `Lineage`.

    lineage = read(version.path / "lineage.json")
    lineage.inputs[0].address           # 'org/weather-tasks@<commit>', or 'weather-tasks@<tree>'
"""

import dataclasses
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from astra_data.errors import DataError, Place
from astra_data.hub import bounds

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
FILE = "lineage.json"


@dataclass(frozen=True, slots=True)
class Input:
    """A version that was read; `role` is the stage's name for it. `repo` and `commit` are null off the Hub."""

    role: str
    address: str
    repo: str | None
    commit: str | None
    tree: str
    rows: str
    config: str = "default"


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A file of the version: path inside it, SHA-256 (64 hex digits), size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Output:
    """One config of the version. `rows` is the digest of its canonical rows in order, blind to the Parquet writer."""

    config: str
    rows: str
    num_rows: int
    files: list[FileDigest]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of the items of a stage. An item gives one or more outcomes; each is kept, or counted under its reason."""

    items: int
    kept: int
    rejected: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges; `len(edges) == len(counts) + 1`. `nulls` have no value."""

    edges: list[float]
    counts: list[int]
    nulls: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """The package that wrote the version."""

    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The whole record. `kind` is the dataset kind, `key` the stage key, `command` rebuilds the version.

    `complete` is false while rows are quarantined. `models` maps role to name, `prompts` ask to SHA-256 of its prompt
    file, `licenses` lists the licences of all ancestors, `env` the versions of the libraries that shape the bytes.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    kind: str
    stage: str
    stage_version: int
    key: str
    complete: bool
    config: dict[str, Any]
    seed: int
    command: str
    funnel: Funnel
    outputs: list[Output]
    code: Code
    recipe: str | None = None
    inputs: list[Input] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    licenses: list[str] = field(default_factory=list)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def rows(self, config: str = "default") -> str:
        """The row digest of one config. Raises `DataError` where the version has no such config."""
        for output in self.outputs:
            if output.config == config:
                return output.rows
        known = ", ".join(output.config for output in self.outputs) or "none"
        raise DataError(f"the version has no config {config!r}", mend=f"choose one of: {known}")


def stage_key(
    stage: str,
    version: int,
    config: Mapping[str, Any],
    seed: int,
    prompts: Mapping[str, str],
    models: Mapping[str, Any],
    inputs_rows: Mapping[str, str],
    extra: Mapping[str, Any],
) -> str:
    """The key under which a run is found again, 64 hex digits.

    `inputs_rows` maps role to row digest, so the key survives re-encoding and re-publishing. `models` maps role to
    name and sampling. Throughput knobs stay out of `config`.
    """
    from astra_data.rows.canonical import digest

    named = {"stage": stage, "version": version, "config": dict(config), "seed": seed, "prompts": dict(prompts)}
    return digest(named | {"models": dict(models), "inputs": dict(inputs_rows), "extra": dict(extra)})


def to_json(lineage: Lineage) -> dict[str, Any]:
    """The record as plain JSON values."""
    return dataclasses.asdict(lineage)


def dump(value: Any) -> bytes:
    """JSON for people: sorted keys, two spaces, a newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def from_json(value: Any, *, file: str) -> Lineage:
    """The record of parsed JSON. Raises `DataError` naming `file` and the first field that is wrong, or says what it may not."""
    from pydantic import ValidationError

    if isinstance(value, dict) and value.get("format", FORMAT) != FORMAT:
        raise DataError(
            f"lineage format {str(value['format'])[:64]}, we read {FORMAT}",
            place=Place(file, field="format"),
            mend="use the version of astra-data that wrote it, or a newer one",
        )
    try:
        record = _adapter().validate_json(_json(value, file))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise _no_record(first["msg"].lower(), file, ".".join(str(part) for part in first["loc"])) from None
    if found := bounds.fault(record):
        raise _no_record(found[1], file, found[0])
    return record


def checked(record: Lineage) -> Lineage:
    """`record` itself if it can be read again once it is written, else `DataError`."""
    return from_json(to_json(record), file=FILE)


def read(path: Path) -> Lineage:
    """The record in a file. Raises `DataError` if it is missing or not a record."""
    return from_json(read_json(path), file=str(path))


def read_json(path: Path) -> Any:
    """Parsed JSON of a file of ours, of bounded size and depth. Raises `DataError` naming the file."""
    try:
        if not path.is_file() and path.exists():
            raise DataError("is no file", place=Place(str(path)), mend="remove it, and make or pull the version again")
        with path.open("rb") as file:
            return bounds.parsed(file.read(bounds.MOST_BYTES + 1), str(path))
    except OSError as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        said = "there is no such file" if gone else f"cannot be read: {error.strerror}"
        mend = "astra-data did not write this: make or pull the version again"
        raise DataError(said, place=Place(str(path)), mend=mend) from None


def _json(value: Any, file: str) -> bytes:
    """The bytes of a value that may come from anywhere."""
    try:
        if bounds.too_large(value):
            raise _no_record(bounds.TOO_LARGE, file, "")
        return orjson.dumps(value)
    except TypeError as error:
        raise _no_record(f"not JSON: {error}", file, "") from None


def _no_record(message: str, file: str, field: str) -> DataError:
    mend = "the file was changed by hand or is no lineage record: make or pull the version again"
    return DataError(message, place=Place(file, field=field[:bounds.LONGEST_NAME] or None), mend=mend)


@cache
def _adapter() -> "TypeAdapter[Lineage]":
    from pydantic import TypeAdapter

    return TypeAdapter(Lineage)


def check_portable(lineage: Lineage, roots: Sequence[Path] = ()) -> None:
    """Raise `DataError` naming the field if a string holds a path below home, the temporary folder or `roots`."""
    own = {str(root) for root in (Path.home(), Path(tempfile.gettempdir()), *roots)} - {"/"}
    paths = re.compile(rf"(?:^|[\s='\"])(?:file://)?(?:{'|'.join(map(re.escape, sorted(own)))})(?=[/\\\s'\"]|$)")
    for where, text in _strings(to_json(lineage), ""):
        if paths.search(text):
            raise DataError(
                "a path of this machine may not be in a published record",
                place=Place(FILE, field=where),
                mend="give paths relative to the recipe",
            )


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string with its dotted path; keys count too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield path, str(name)
            yield from _strings(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{path}[{index}]")
