"""The ledger on disk: its table, the statements, and the thread that writes.

    writer = Writer(path, open_table(path))
    await writer.write(effect)

The future that `write` gives is done when the effect is committed.
"""

import asyncio
import hashlib
import os
import queue
import resource
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson

from astra_data.errors import Place, StoreError

Effect = list[Any]
"""`[key, kind, request, response, outcome, usage, digest]`: request, response and usage as canonical JSON text."""

Write = tuple[Effect, "asyncio.Future[None]"]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x41535452  # "ASTR"
BUSY_SECONDS = 60.0
BATCH_ROWS = 512
BATCH_CHARACTERS = 1 << 24

TABLE = """CREATE TABLE IF NOT EXISTS effects (
    key TEXT NOT NULL, attempt INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL,
    outcome TEXT NOT NULL, usage TEXT NOT NULL, digest TEXT, PRIMARY KEY (key, attempt))"""
DIGEST = "ALTER TABLE effects ADD COLUMN digest TEXT"
"""Earlier ledgers have none, and what they hold is not compared. SQLite does not see a bit that has flipped in a text."""
# One statement for a whole batch: the writer thread gives up the GIL once, not once per row.
# value: [key, kind, request, response, outcome, usage, digest, how many rows of the batch before it have its key]
INSERT = """INSERT INTO effects (key, attempt, kind, request, response, outcome, usage, digest)
    SELECT value ->> 0, 1 + (value ->> 7) + COALESCE((SELECT MAX(attempt) FROM effects WHERE key = value ->> 0), 0),
           value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)"""
MALFORMED = "move it away, or put a copy in its place: stages that are complete need none, all others ask again"
REMOVED = "put it back if you have it, leave it alone while a run works, and run again: complete stages are found without it"
REMOVE = "DELETE FROM effects WHERE key = ?"
EXPORTED = ("key", "kind", "request", "response", "outcome", "attempt", "usage")
COMPARED = ("key", "kind", "request", "response", "outcome", "usage")
"""The columns that the digest of a row covers."""
FIND = f"SELECT {', '.join(COMPARED)}, digest FROM effects WHERE key = ? AND outcome = 'ok' ORDER BY attempt DESC LIMIT 1"


class Files:
    """The ledger at `path` and the log beside it, as they were opened; SQLite goes on with files that others have removed."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._known: dict[Path, tuple[int, int]] = {}
        self._size = 0

    def require_same(self) -> None:
        """Raise `StoreError` where one of them is gone, or another file in its place. Each is known once it was seen."""
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            try:
                now = path.stat()
                found: tuple[int, int] | None = (now.st_dev, now.st_ino)
                if path == self._path:
                    found, self._size = None if now.st_size < self._size else found, now.st_size
            except OSError:
                found = None
            if found is not None and path not in self._known:
                self._known[path] = found
            elif found != self._known.get(path):
                raise StoreError("the ledger was removed or replaced while it was in use, and what was answered is not all in it",
                                 place=Place(str(path)), mend=REMOVED)


class Writer:
    """A thread that commits all that is queued, in one transaction at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection
        self.files = Files(path)
        self.files.require_same()
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def write(self, effect: Effect) -> "asyncio.Future[None]":
        """Queued at once; the future is done when the effect is on disk, or fails with `StoreError`."""
        if not self._thread.is_alive():
            raise RuntimeError("the ledger is closed")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((effect, done))
        return done

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        last = False
        while not last:
            writes, last = self._next_batch()
            if writes:
                _settle([done for _, done in writes], self._commit([effect for effect, _ in writes]))
        with closing(self._connection) as connection, suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _next_batch(self) -> tuple[list[Write], bool]:
        """All that is queued, up to a bound; True with it when nothing will follow."""
        write, batch, characters = self._queue.get(), [], 0
        while write is not None:
            batch.append(write)
            characters += len(write[0][2]) + len(write[0][3])
            if len(batch) == BATCH_ROWS or characters > BATCH_CHARACTERS or self._queue.empty():
                return batch, False
            write = self._queue.get()
        return batch, True

    def _commit(self, effects: list[Effect]) -> StoreError | None:
        before: Counter[str] = Counter()
        for effect in effects:
            effect.append(before[effect[0]])
            before[effect[0]] += 1
        try:
            self._connection.execute(INSERT, (orjson.dumps(effects).decode(),))
            self.files.require_same()
        except sqlite3.Error as error:
            return disk_error(self._path, error)
        except StoreError as error:
            return error
        return None


def _settle(waiting: list["asyncio.Future[None]"], error: StoreError | None) -> None:
    def resolve(futures: list["asyncio.Future[None]"]) -> None:
        for future in futures:
            if not future.done():
                future.set_result(None) if error is None else future.set_exception(error)

    for loop in {future.get_loop() for future in waiting}:
        if not loop.is_closed():
            loop.call_soon_threadsafe(resolve, [future for future in waiting if future.get_loop() is loop])


def sealed(*columns: str) -> str:
    """The digest of the columns `COMPARED`, 16 hex digits (BLAKE2b)."""
    return hashlib.blake2b("\0".join(columns).encode(errors="surrogatepass"), digest_size=8).hexdigest()


def compared(path: Path, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The columns `COMPARED` of a row of these and its digest. Raises `StoreError` where they are not those that were written."""
    *columns, digest = row
    if digest is not None and (not all(isinstance(column, str) for column in columns) or sealed(*columns) != digest):
        raise StoreError("an answer is not the one that was written", place=Place(str(path)), mend=MALFORMED)
    return tuple(columns)


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def read_only(path: Path) -> sqlite3.Connection | None:
    """A connection to a ledger on a disk that cannot be written, which may hold none; None for any other. Nothing beside the file
    is looked at."""
    if not path.parent.is_dir() or os.access(path.parent, os.W_OK):
        return None
    if not path.exists():
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.execute(TABLE)
        return connection
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    if "digest" not in {row[1] for row in connection.execute("PRAGMA table_info(effects)")}:
        connection.execute("CREATE TEMP VIEW effects AS SELECT *, NULL AS digest FROM main.effects")
    return connection


def open_table(path: Path) -> sqlite3.Connection:
    """A connection to a file that is a ledger of this version, or was empty. Raises `StoreError` for any other."""
    connection = connect(path)
    try:
        _prepare(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN IMMEDIATE; {TABLE}; PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
        )
    connection.execute("PRAGMA synchronous = NORMAL")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise _not_a_ledger(path)
    if version != SCHEMA_VERSION:
        message = f"the ledger has schema version {version}, this astra-data writes version {SCHEMA_VERSION}"
        mend = "use the astra-data that wrote it, or start a new ledger"
        raise StoreError(message, place=Place(str(path)), mend=mend)
    if "digest" not in {row[1] for row in connection.execute("PRAGMA table_info(effects)")}:
        connection.execute(DIGEST)


def select(connection: sqlite3.Connection, keys: Iterable[str] | None) -> Iterator[tuple[Any, ...]]:
    """Rows of the columns `EXPORTED`, ordered by key and attempt."""
    chosen = f"SELECT {', '.join(EXPORTED)}, {', '.join(COMPARED)}, digest FROM effects"
    if keys is None:
        yield from connection.execute(f"{chosen} ORDER BY key, attempt")
        return
    for key in sorted(set(keys)):
        yield from connection.execute(f"{chosen} WHERE key = ? ORDER BY attempt", (key,))


def disk_error(path: Path, error: OSError | sqlite3.Error) -> StoreError:
    """What a person reads when SQLite or the folder refuses."""
    text = str(error)
    if "not a database" in text:
        return _not_a_ledger(path)
    if "malformed" in text:
        return StoreError("the ledger is damaged", place=Place(str(path)), mend=MALFORMED)
    if "full" in text or ("I/O" in text and not _room(path)):
        message, mend = "the disk is full", "free some space and run again: every answer returned so far is kept"
    elif "I/O" in text and resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        message, mend = "no file may be as large here as the ledger would be", "raise `ulimit -f`, and run again"
    elif "open files" in text:
        message, mend = "this process may open no more files", "raise `ulimit -n`, or lower --concurrency"
    elif "locked" in text:
        message, mend = "another process holds the ledger", "wait for it to end, or stop it, and run again"
    else:
        message, mend = f"the ledger cannot be used: {text}", "check that its folder exists and can be written"
    return StoreError(message, place=Place(str(path)), mend=mend)


def _room(path: Path) -> bool:
    """Whether the disk has space left; SQLite does not say when it finds none for its shared memory."""
    try:
        return shutil.disk_usage(path.parent).free > 0
    except OSError:
        return True


def _not_a_ledger(path: Path) -> StoreError:
    return StoreError("this is not a ledger", place=Place(str(path)), mend="name another file, or move this one away")
