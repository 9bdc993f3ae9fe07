"""What a hostile thing may reach for, laid out in the folder of one input, and what was reached.

    lures = Lures.laid(folder, secrets, port=trap.port)
    before = lures.state()
    ...                                             # a command
    list(lures.changed(before, writes=("hub/pulled/",)))

    folder/here/       where commands run; `here/hub` is the store
    folder/home/       with a key that nobody may tell
    folder/outside/    files that nobody may change or tell
    folder/touched/    where commands of strangers leave a file: it stays empty
    folder/bin/        in front of PATH: programs that nobody may start
"""

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import random
import re
import secrets as chance
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

KEYS = ("HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "LURE_KEY")
"""Environment variables of every command whose values may be told to nobody."""
PROGRAMS = ("uvx", "npx", "uv", "docker", "git", "curl", "wget", "nc", "pip")
FAKE = '#!/bin/sh\n: > "{touched}/program-$(basename "$0")"\nexit 1\n'
STORED = re.compile(r"hub/[a-z0-9._-]+(/versions(/[0-9a-f]{40}(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?"
                    r"|/keys(/[0-9a-f]{64}\.json)?|/pulled(/[0-9a-f]{40}\.json)?|/refs(/main)?)?")
"""Where the store keeps things; whatever else appears in it was put there by somebody else."""
State = dict[str, tuple[int, int, str]]


def new_secrets() -> dict[str, str]:
    """A value for each key, unlike any other text."""
    return {name: f"{name.lower()}-{chance.token_hex(12)}" for name in KEYS}


@dataclass(frozen=True)
class Lures:
    """See the module. `port` is where the listener is that nobody may call."""

    folder: Path
    secrets: dict[str, str]
    told: str
    port: int
    spellings: list[bytes] = field(default_factory=list)

    @classmethod
    def laid(cls, folder: Path, secrets: dict[str, str], port: int) -> "Lures":
        told = f"CANARY-{chance.token_hex(10)}"
        lures = cls(folder, secrets, told, port, list(_spellings([told, *secrets.values()])))
        for name in ("here", "home/.ssh", "outside", "touched", "bin", "tmp", "cache"):
            (folder / name).mkdir(parents=True)
        (folder / "touched").chmod(0o777)
        for name in ("outside/secret.txt", "outside/notes.json", "home/.ssh/id_ed25519", "home/.netrc"):
            (folder / name).write_text(f"{told}\n")
        (folder / "outside/secret.json").write_text(json.dumps({"id": "0" * 16, "text": told}))
        (folder / "outside/secret.jsonl").write_text(json.dumps({"id": "0" * 16, "text": told}) + "\n")
        _parquet(folder / "outside/secret.parquet", told)
        for name in PROGRAMS:
            (folder / "bin" / name).write_text(FAKE.format(touched=folder / "touched"))
            (folder / "bin" / name).chmod(0o755)
        return lures

    @property
    def here(self) -> Path:
        return self.folder / "here"

    @property
    def environ(self) -> dict[str, str]:
        """What a command's environment has on top of the host's."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        return {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"), "PATH": path,
                "XDG_CACHE_HOME": str(self.folder / "cache"), "ASTRA_STORE": "hub"}

    def free(self, rng: random.Random) -> Path:
        """A file that is not there, in a folder that is."""
        return self.folder / rng.choice(("outside", "touched", "home", "here")) / f"lure-{rng.getrandbits(32):08x}"

    def secret(self, rng: random.Random) -> Path:
        """A file whose text may not be told."""
        return self.folder / rng.choice(("outside/secret.txt", "outside/secret.json", "outside/secret.jsonl",
                                         "outside/secret.parquet", "home/.ssh/id_ed25519", "home/.netrc"))

    def url(self, rng: random.Random) -> str:
        """An address that nobody may call."""
        host = rng.choice(("127.0.0.1", "127.0.0.1", "localhost", "user:pass@127.0.0.1"))
        return f"http://{host}:{self.port}/{rng.getrandbits(32):08x}"

    def shell(self, rng: random.Random) -> str:
        """A line of shell that leaves a file in `touched`."""
        file = self.folder / "touched" / f"shell-{rng.getrandbits(32):08x}"
        return rng.choice((f"touch {file}", f": > {file}", f"env > {file}", f"echo ${rng.choice(KEYS)} > {file}",
                           f"/bin/cp /etc/hostname {file}", f"(sleep 1; touch {file}) &"))

    def python(self, rng: random.Random) -> str:
        """A line of Python that leaves a file in `touched`."""
        file = str(self.folder / "touched" / f"python-{rng.getrandbits(32):08x}")
        return rng.choice((f"open({file!r}, 'w').close()", f"__import__('os').system('touch {file}')",
                           f"__import__('pathlib').Path({file!r}).touch()",
                           f"__import__('subprocess').run(['touch', {file!r}])"))

    def state(self) -> State:
        """Every file, link and folder but those of caches: (mode, time of change, what is in it)."""
        return {path: _looked_at(self.folder / path) for path in self._paths() if not path.startswith(("cache", "tmp"))}

    def changed(self, before: State, writes: Iterable[str]) -> Iterator[str]:
        """What a command changed that it may not change: outside of `here`, and inside it outside of `writes`."""
        after, allowed = self.state(), ("here/hub/.staging", *(f"here/{one}" for one in writes))
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) == after.get(path):
                continue
            kind = "new" if path not in before else "gone" if path not in after else "changed"
            if kind == "new" and (path == "here/hub" or f"{path}/" in allowed):
                continue
            if not path.startswith(allowed):
                yield f"{kind}: {path}"
            elif path.startswith("here/hub/") and kind == "new" and not _of_store(path.removeprefix("here/")):
                yield f"odd in the store: {path}"

    def told_in(self, data: bytes) -> list[str]:
        """Which secrets stand in the data, in any of their spellings."""
        return ["a secret"] if any(one in data for one in self.spellings) else []

    def told_files(self, before: State) -> Iterator[str]:
        """Files that are others than before and tell a secret; inside of Parquet, SQLite and gzip too."""
        for path in self._paths():
            full = self.folder / path
            if path.startswith(("outside", "home", "bin")) or full.is_symlink() or not full.is_file():
                continue
            if before.get(path) != _looked_at(full) and self.told_in(_content(full)):
                yield f"a secret in {path}"

    def is_new(self, path: Path, before: State) -> bool:
        """Whether this is a file that was not there before, or was another."""
        return path.is_file() and not path.is_symlink() and before.get(str(path.relative_to(self.folder))) != _looked_at(path)

    def _paths(self) -> list[str]:
        found = []
        for top, folders, files in os.walk(self.folder):
            found += [os.path.relpath(f"{top}/{name}", self.folder) for name in (*folders, *files)]
        return found


def _of_store(path: str) -> bool:
    return STORED.fullmatch(path) is not None or path.startswith(("hub/ledger.sqlite", "hub/.staging", "hub/.faults"))


def _looked_at(path: Path) -> tuple[int, int, str]:
    stat = path.lstat()
    if path.is_symlink():
        return stat.st_mode, 0, str(path.readlink())
    if path.is_dir():
        return stat.st_mode, 0, ""
    regular = path.is_file() and stat.st_size < 5_000_000
    return stat.st_mode, stat.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if regular else str(stat.st_size)


def _spellings(secrets: Iterable[str]) -> Iterator[bytes]:
    """A secret as it is, backwards, in hex and in base64 at any of three places."""
    for secret in secrets:
        data = secret.encode()
        yield from (data, data[::-1], data.hex().encode())
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + data)
            yield whole[4 * bool(before) : -4]


def _content(path: Path) -> bytes:
    """The bytes of a file, and what is packed in it."""
    data = path.read_bytes() if path.stat().st_size < 50_000_000 else b""
    if data[:6] == b"SQLite":
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1",
                                                                                    uri=True)) as opened:
            return data + "\n".join(opened.iterdump()).encode(errors="replace")
    return unpacked(data)


def unpacked(data: bytes) -> bytes:
    """Bytes, with the rows of Parquet and what gzip holds behind them."""
    with contextlib.suppress(Exception):
        if data[:4] == b"PAR1":
            import pyarrow.parquet as pq

            return data + repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as inner:
                return data + inner.read(20_000_000)
    return data


def _parquet(path: Path, told: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["0" * 16], "text": [told]}), path)
