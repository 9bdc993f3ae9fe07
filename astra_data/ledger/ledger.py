"""`Ledger`: one answer per key, however many ask for it, and only what is on disk is returned.

    answer = await ledger.once(key, "ask", request, ask_the_model)

Work in flight is shared between its waiters, and waited for where another process of this machine does it (`claims`); the file is
written by `disk.Writer`. What is written and what is returned holds no known secret, so that an answer is the same when it is new
and when it is found again.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from astra_data.errors import Place, StoreError
from astra_data.ledger.answer import Answer, Kind, Totals, Unanswered, Usage
from astra_data.ledger.claims import Claims
from astra_data.ledger.disk import (
    COMPARED,
    EXPORTED,
    FIND,
    REMOVE,
    Writer,
    compared,
    connect,
    disk_error,
    open_table,
    read_only,
    sealed,
    select,
)
from astra_data.rows.canonical import canonical
from astra_data.tools.scrub import Scrub

JSON_COLUMNS = ("request", "response", "usage")


@dataclass(slots=True)
class _Work:
    task: asyncio.Task[Answer]
    waiters: int = 0


class Ledger:
    """One open ledger file, in which `scrub` finds nothing. `find` may be called anywhere; coroutines belong to an event loop."""

    def __init__(self, path: Path, reader: sqlite3.Connection, writer: Writer | None, scrub: Scrub) -> None:
        self.path, self.scrub, self._reader, self._writer = path, scrub, reader, writer
        self._running: dict[str, _Work] = {}
        self._totals = Totals()
        self._claims = Claims(path)

    @classmethod
    def open(cls, path: Path, scrub: Scrub | None = None) -> "Ledger":
        """Open or create. A ledger on a disk that cannot be written answers what it has, and refuses all else with `StoreError`.

        Raises `StoreError` for a folder that cannot be made, another kind of file or another schema.
        """
        try:
            if (reader := read_only(path)) is not None:
                return cls(path, reader, None, scrub or Scrub())
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = Writer(path, open_table(path))
            return cls(path, connect(path), writer, scrub or Scrub())
        except (OSError, sqlite3.Error) as error:
            raise disk_error(path, error) from error

    def find(self, key: str) -> Answer | None:
        """The latest good answer under `key`. Raises `DataError` when the file cannot be read."""
        try:
            row = self._reader.execute(FIND, (key,)).fetchone()
        except sqlite3.Error as error:
            raise disk_error(self.path, error) from error
        if row is None:
            return None
        found = dict(zip(COMPARED, compared(self.path, row), strict=True))
        return Answer(self.scrub.json(orjson.loads(found["response"])), Usage(**orjson.loads(found["usage"])))

    def mentions(self, said: dict[str, str]) -> bool:
        """Whether any request recorded here says this of itself. Looks at all of them, so it may take its time."""
        where = " AND ".join("request ->> ? = ?" for _ in said)
        values = [word for name, value in said.items() for word in (f"$.{name}", value)]
        try:
            return self._reader.execute(f"SELECT 1 FROM effects WHERE {where} LIMIT 1", values).fetchone() is not None
        except sqlite3.Error as error:
            raise disk_error(self.path, error) from error

    async def once(self, key: str, kind: Kind, request: Any, produce: Callable[[], Awaitable[Answer]]) -> Answer:
        """The committed answer under `key`, or that of `produce`, which runs once however many wait for it.

        `Unanswered` from `produce` is recorded as a failed attempt and raised to all waiters; the next `once` tries
        again. Other errors are raised unrecorded. Work is cancelled only when its last waiter is.
        """
        work = self._running.get(key)
        if work is None:
            found = self.find(key)
            if found is not None:
                self._reuse()
                return found
            work = self._start(key, kind, request, produce)
        else:
            self._reuse()
        return await self._wait(key, work)

    def require_use(self) -> None:
        """Raise `StoreError` where it can neither answer nor keep anything: there is none, on a disk that cannot be written."""
        if self._writer is None and not self.path.exists():
            said = "there is no ledger, and none can be made on a disk that cannot be written"
            raise StoreError(said, place=Place(str(self.path)), mend="name another ledger with --ledger, or copy the store")

    def require_kept(self) -> None:
        """Raise `StoreError` where the file is not the one that was opened, so that answers in it may be lost."""
        if self._writer is not None:
            self._writer.files.require_same()

    def claimed(self, name: str) -> AbstractAsyncContextManager[None]:
        """Keeps other processes of this machine that claim the same name waiting, for as long as it is held."""
        return nullcontext() if self._writer is None else self._claims.held(name)

    async def put(self, key: str, kind: Kind, request: Any, answer: Answer) -> Answer:
        """Record a new answer that supersedes the ones before it. Returns it as it was written."""
        return replace(answer, response=await self._write(key, kind, request, answer.response, "ok", answer.usage))

    def export(self, keys: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """All attempts (of `keys` only, if given) as plain dicts, ordered by key and attempt."""
        with closing(connect(self.path)) as connection:
            try:
                for row in select(connection, keys):
                    compared(self.path, row[len(EXPORTED) :])
                    effect = dict(zip(EXPORTED, row[: len(EXPORTED)], strict=True))
                    yield effect | {name: self.scrub.json(orjson.loads(effect[name])) for name in JSON_COLUMNS}
            except sqlite3.Error as error:
                raise disk_error(self.path, error) from error

    def forget(self, keys: Iterable[str]) -> int:
        """Remove all attempts under these keys, and say how many. What was answered so is asked again."""
        with closing(connect(self.path)) as connection:
            try:
                return sum(connection.execute(REMOVE, (key,)).rowcount for key in set(keys))
            except sqlite3.Error as error:
                raise disk_error(self.path, error) from error

    def totals(self) -> Totals:
        return self._totals

    async def close(self) -> None:
        """Cancel what is in flight, commit what is queued, fold the write-ahead log into the file."""
        works = [work.task for work in self._running.values()]
        for task in works:
            task.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.stop)
        self._reader.close()
        self._claims.close()

    def _start(self, key: str, kind: Kind, request: Any, produce: Callable[[], Awaitable[Answer]]) -> _Work:
        work = _Work(asyncio.ensure_future(self._run(key, kind, request, produce)))
        self._running[key] = work
        work.task.add_done_callback(lambda task: self._finish(key, work))
        return work

    def _finish(self, key: str, work: _Work) -> None:
        if self._running.get(key) is work:
            del self._running[key]
        if not work.task.cancelled():
            work.task.exception()

    async def _wait(self, key: str, work: _Work) -> Answer:
        work.waiters += 1
        try:
            return await asyncio.shield(work.task)
        except asyncio.CancelledError:
            if work.waiters == 1 and self._running.get(key) is work:
                del self._running[key]
                work.task.cancel()
            raise
        finally:
            work.waiters -= 1

    async def _run(self, key: str, kind: Kind, request: Any, produce: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `produce`, or the one that another process committed first."""
        self._writable()
        async with self._claims.held(key):
            found = self.find(key)
            if found is None:
                return await self._produced(key, kind, request, produce)
        self._reuse()
        return found

    async def _produced(self, key: str, kind: Kind, request: Any, produce: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await produce()
        except Unanswered as error:
            if error.sent:
                spent = error.spent or Answer(None)
                self._count(spent.usage, failed=1)
                response = {"reason": error.reason, "response": spent.response}
                await self._write(key, kind, request, response, "failed", spent.usage)
            raise
        self._count(answer.usage)
        return replace(answer, response=await self._write(key, kind, request, answer.response, "ok", answer.usage))

    def _reuse(self) -> None:
        self._totals = replace(self._totals, reused=self._totals.reused + 1)

    async def _write(self, key: str, kind: Kind, request: Any, response: Any, outcome: str, usage: Usage) -> Any:
        """The one way into the file. Returns the response as it is written."""
        response = self.scrub.json(response)
        await self._writable().write(_effect(key, kind, self.scrub.json(request), response, outcome, usage))
        return response

    def _writable(self) -> Writer:
        if self._writer is None:
            raise StoreError("the ledger is on a disk that cannot be written, and something is asked that is not in it",
                             place=Place(str(self.path)), mend="name another ledger with --ledger, or copy the store")
        return self._writer

    def _count(self, usage: Usage, failed: int = 0) -> None:
        now = self._totals
        paid = Usage(now.input_tokens, now.output_tokens, now.cost) + usage
        self._totals = Totals(now.asked + 1, now.reused, now.failed + failed, **asdict(paid))


def _effect(key: str, kind: Kind, request: Any, response: Any, outcome: str, usage: Usage) -> list[Any]:
    """The columns of an attempt. A response keeps its key order: it is content, and a replay must give the same bytes."""
    recorded, spent = orjson.dumps(response).decode(), orjson.dumps(usage).decode()
    columns = [key, kind, canonical(request).decode(), recorded, outcome, spent]
    return [*columns, sealed(*columns)]
