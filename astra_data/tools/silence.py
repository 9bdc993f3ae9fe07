"""Errors and logs that say no known secret, whoever shows them: a terminal, a notebook, a traceback with its locals.

    with Silence(lambda: scrub):
        ...                     # what is raised here, and logged meanwhile, holds no known value

An error is changed in place, so that its type and its place stay. What cannot be changed is replaced by one that says the same.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from astra_data.errors import Place

if TYPE_CHECKING:
    from astra_data.tools.scrub import Scrub


BESIDE_ARGS: dict[type[BaseException], tuple[str, ...]] = {OSError: ("filename", "filename2", "strerror"), SystemExit: ("code",)}
"""Texts that errors hold in places of their own."""


class Silence:
    """A block out of which no error brings a known value, and during which no log record of this process holds one.

    The scrub is asked for when there is something to say. An error that stops a program, such as `KeyboardInterrupt`, is cleaned
    and keeps its type.
    """

    def __init__(self, scrub: "Callable[[], Scrub]") -> None:
        self._scrub = scrub
        self._before = logging.getLogRecordFactory()

    def __enter__(self) -> None:
        self._before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._record)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if logging.getLogRecordFactory() == self._record:
            logging.setLogRecordFactory(self._before)
        found = None if error is None else harmless(error, self._scrub())
        other = found if found is not error and isinstance(error, Exception | BaseExceptionGroup) else None
        del error, found, trace
        if other is not None:
            raise other from other.__cause__

    def _record(self, *args: Any, **named: Any) -> logging.LogRecord:
        made = self._before(*args, **named)
        try:
            said = made.getMessage()
        except (TypeError, ValueError):
            said = f"{made.msg} {made.args}"
        scrub = self._scrub()
        made.msg, made.args = scrub(said), ()
        if made.exc_info and made.exc_info[1]:
            made.exc_text = "".join(traceback.format_exception(made.exc_info[1])).rstrip()
            made.exc_info = None
        made.exc_text = made.exc_text and scrub(made.exc_text)  # that which another such block has made, too
        made.stack_info = made.stack_info and scrub(made.stack_info)
        return made


def harmless(error: BaseException, scrub: "Scrub") -> BaseException:
    """The error without known values in what it says, in the errors behind it, and in the variables of their frames."""
    if not scrub.values:
        return error
    chain = list(_chain(error))
    for one in chain:
        traceback.clear_frames(one.__traceback__)
        _clean(one, scrub)
    stand_ins = {id(one): _stand_in(one, scrub) for one in chain if _speaks(one, scrub)}
    for one in [*chain, *stand_ins.values()]:
        hidden = one.__suppress_context__
        one.__cause__ = stand_ins.get(id(one.__cause__), one.__cause__)
        one.__context__ = stand_ins.get(id(one.__context__), one.__context__)
        one.__suppress_context__ = hidden
    return stand_ins.get(id(error), error)


def _chain(error: BaseException | None, seen: set[int] | None = None) -> Iterator[BaseException]:
    """The error and all that its traceback would show."""
    seen = set() if seen is None else seen
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (error.__cause__, error.__context__, *inner):
        yield from _chain(one, seen)


def _clean(error: BaseException, scrub: "Scrub") -> None:
    """Scrub the texts that an error holds."""
    error.args = tuple(_scrubbed(part, scrub) for part in error.args)
    for name, held in list(getattr(error, "__dict__", {}).items()):
        error.__dict__[name] = _scrubbed(held, scrub)
    for name in next((names for kind, names in BESIDE_ARGS.items() if isinstance(error, kind)), ()):
        setattr(error, name, _scrubbed(getattr(error, name), scrub))


def _scrubbed(value: Any, scrub: "Scrub") -> Any:
    if isinstance(value, Place):
        return replace(value, file=scrub(value.file), field=value.field and scrub(value.field))
    return scrub.json(value) if isinstance(value, str | list | dict | tuple) else value


def _speaks(error: BaseException, scrub: "Scrub") -> bool:
    """Whether an error still says a known value."""
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    said = f"{error!s}\n{error!r}\n{getattr(error, '__notes__', '')}"
    return scrub(said) != said or any(_speaks(one, scrub) for one in inner)


def _stand_in(error: BaseException, scrub: "Scrub") -> BaseException:
    other = RuntimeError(scrub(f"{type(error).__name__}: {error}"))
    other.__cause__, other.__context__ = error.__cause__, error.__context__
    other.__suppress_context__ = error.__suppress_context__
    return other.with_traceback(error.__traceback__)
