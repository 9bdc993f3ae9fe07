"""What a record may say: the bounds of every field of a lineage, which a stranger may have written.

    value = parsed(path.read_bytes()[: MOST_BYTES + 1], "lineage.json")      # JSON of bounded size and depth
    fault(record)                                    # ('outputs.0.files.0.path', 'no Parquet file of config default'), or None

What becomes a path or an address is held to a pattern, what is counted is no less than nothing, and every text has an end.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from astra_data.bounded.json_text import loads
from astra_data.errors import DataError, Place
from astra_data.filenames import NAME as FILE_NAME
from astra_data.hub.addresses import REPO
from astra_data.hub.tree import CONFIG_FOLDERS

if TYPE_CHECKING:
    from astra_data.hub.lineage import Input, Lineage, Output

MOST_BYTES = 4 << 20
MOST_VALUES = 200_000
MOST_DEPTH = 64
LONGEST_TEXT = 16 << 10
LONGEST_NAME = 512
MOST_COUNT = 2**63 - 1

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
SHA1 = re.compile(r"[0-9a-f]{40}")
ROWS = re.compile(r"rows-sha256:[0-9a-f]{64}")

TOO_LARGE = f"is nested more than {MOST_DEPTH} deep, or holds more than {MOST_VALUES:,} values"
DAMAGED = "the file is damaged: remove it, and make or pull the version again"
Fault = tuple[str, str]
"""The dotted field, and what is wrong with it."""


def parsed(data: bytes, file: str) -> Any:
    """The JSON value of these bytes. Raises `DataError` naming `file` where they are too many, no JSON, or nested too deep."""
    if len(data) > MOST_BYTES:
        raise DataError(f"holds more than {MOST_BYTES >> 20} MiB", place=Place(file), mend=DAMAGED)
    return loads(data, Place(file), mend=DAMAGED)


def too_large(value: Any) -> bool:
    """Whether lists and objects lie too deep in one another, or hold too many values."""
    level, values = [value], 0
    for _ in range(MOST_DEPTH + 1):
        level = [part for inner in level if isinstance(inner, dict | list)
                 for part in (inner.values() if isinstance(inner, dict) else inner)]
        values += len(level)
        if not level or values > MOST_VALUES:
            return values > MOST_VALUES
    return True


def fault(record: "Lineage") -> Fault | None:
    """The first thing in a record of the right types that it may not say."""
    return next(_faults(record), None)


def _faults(record: "Lineage") -> Iterator[Fault]:
    for field in ("kind", "stage"):
        if not LABEL.fullmatch(getattr(record, field)):
            yield field, "no plain name"
    if not SHA256.fullmatch(record.key):
        yield "key", "expected 64 hex digits"
    for field, number in (("stage_version", record.stage_version), ("funnel.items", record.funnel.items),
                          ("funnel.kept", record.funnel.kept)):
        yield from _counted(field, number)
    yield from _counted("seed", abs(record.seed))
    yield from _outputs(record.outputs)
    for index, source in enumerate(record.inputs):
        yield from _input(source, f"inputs.{index}")
    yield from _texts(record)
    yield from _counts(record)


def _outputs(outputs: "list[Output]") -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    for index, output in enumerate(outputs):
        where = f"outputs.{index}"
        seen[output.config] += 1
        if output.config not in CONFIG_FOLDERS or seen[output.config] > 1:
            yield f"{where}.config", f"must be one of {', '.join(CONFIG_FOLDERS)}, and each once"
            return
        if not ROWS.fullmatch(output.rows):
            yield f"{where}.rows", "expected rows-sha256: and 64 hex digits"
        yield from _counted(f"{where}.num_rows", output.num_rows)
        yield from _files(output, where)


def _files(output: "Output", where: str) -> Iterator[Fault]:
    """Names that differ by case alone are one file on some systems, so they are refused on all."""
    names: set[str] = set()
    for index, file in enumerate(output.files):
        folder, _, name = file.path.partition("/")
        if folder != CONFIG_FOLDERS[output.config] or not FILE_NAME.fullmatch(name) or not name.endswith(".parquet"):
            yield f"{where}.files.{index}.path", f"no Parquet file of config {output.config}"
        if name.casefold() in names:
            yield f"{where}.files.{index}.path", "a file may be named once"
        names.add(name.casefold())
        if not SHA256.fullmatch(file.sha256):
            yield f"{where}.files.{index}.sha256", "expected 64 hex digits"
        yield from _counted(f"{where}.files.{index}.size", file.size)


def _input(source: "Input", where: str) -> Iterator[Fault]:
    """`rows` is empty for a dataset that nobody made with us, such as one that a model was trained on."""
    wrong = {
        "role": not LABEL.fullmatch(source.role),
        "address": len(source.address) > LONGEST_NAME or not source.address.isprintable(),
        "repo": source.repo is not None and not REPO.fullmatch(source.repo),
        "commit": source.commit is not None and not SHA1.fullmatch(source.commit),
        "tree": not SHA1.fullmatch(source.tree),
        "rows": bool(source.rows) and not ROWS.fullmatch(source.rows),
        "config": not FILE_NAME.fullmatch(source.config),
    }
    yield from ((f"{where}.{field}", "not what names an input") for field, is_wrong in wrong.items() if is_wrong)


def _texts(record: "Lineage") -> Iterator[Fault]:
    groups = {
        "command": [record.command], "recipe": [record.recipe or ""], "code": [record.code.package, record.code.version],
        "models": [*record.models, *record.models.values()], "prompts": [*record.prompts, *record.prompts.values()],
        "licenses": record.licenses, "env": [*record.env, *record.env.values()], "histograms": [*record.histograms],
        "funnel.rejected": [*record.funnel.rejected], "funnel.quarantined": [*record.funnel.quarantined],
    }
    for field, texts in groups.items():
        if any(len(text) > LONGEST_TEXT for text in texts):
            yield field, f"a text of more than {LONGEST_TEXT:,} characters"


def _counts(record: "Lineage") -> Iterator[Fault]:
    funnel = record.funnel
    for field, reasons in (("funnel.rejected", funnel.rejected), ("funnel.quarantined", funnel.quarantined)):
        for number in reasons.values():
            yield from _counted(field, number)
    for name, histogram in record.histograms.items():
        where = f"histograms.{name[:64]}"
        if len(histogram.edges) != len(histogram.counts) + 1:
            yield where, "must have one more edge than counts"
        for number in (*histogram.counts, histogram.nulls):
            yield from _counted(where, number)


def _counted(field: str, number: int) -> Iterator[Fault]:
    if not 0 <= number <= MOST_COUNT:
        yield field, "must be from 0 to 2^63 - 1"

