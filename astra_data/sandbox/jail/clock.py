"""A clock that stands still, in `time` and `datetime`.

    freeze = stopped()          # in the zygote
    freeze(1_700_000_000.0)     # in a child
    datetime.datetime.now()     # 2023-11-14 22:13:20, at every call
    time.sleep(5)               # returns at once, and the clock stands 5 seconds later

`datetime.datetime` and `datetime.date` become subclasses with which `isinstance` and `issubclass` work as with the real ones, for
objects of either.
"""

import datetime
import time
from collections.abc import Callable
from typing import Any


class Clock:
    """Seconds since 1970 in UTC, moved on by `sleep` alone."""

    def __init__(self) -> None:
        self.start = self.now = 0.0

    def sleep(self, seconds: float, /) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.now += seconds


def stopped() -> Callable[[float], None]:
    """Make all that stands for the running time; the function that puts it in place, with the clock at POSIX seconds."""
    clock = Clock()
    replaced = [*((time, *pair) for pair in _time(clock).items()), *((datetime, *pair) for pair in _datetime(clock).items())]

    def freeze(now: float) -> None:
        clock.start = clock.now = float(now)
        for module, name, standing in replaced:
            setattr(module, name, standing)

    return freeze


def _time(clock: Clock) -> dict[str, Callable[..., Any]]:
    """The functions of `time`."""
    made: dict[str, Callable[..., Any]] = {"sleep": clock.sleep}
    for name in ("time", "monotonic", "perf_counter", "clock_gettime"):
        made[name] = lambda *which: clock.now
        made[f"{name}_ns"] = lambda *which: round(clock.now * 1e9)
    for name in ("process_time", "thread_time"):
        made[name] = lambda: clock.now - clock.start
        made[f"{name}_ns"] = lambda: round((clock.now - clock.start) * 1e9)
    for name in ("gmtime", "localtime", "ctime"):
        made[name] = _at(clock, getattr(time, name))
    asctime, strftime, localtime = time.asctime, time.strftime, made["localtime"]
    made["asctime"] = lambda when=None: asctime(localtime() if when is None else when)
    made["strftime"] = lambda form, when=None: strftime(form, localtime() if when is None else when)
    return made


def _at(clock: Clock, convert: Callable[[float], Any]) -> Callable[..., Any]:
    return lambda seconds=None: convert(clock.now if seconds is None else seconds)


def _standing_for(real: type) -> type:
    """A metaclass: its one direct class takes every object of the real class for its own."""

    class Standing(type):
        def __instancecheck__(cls, thing: Any) -> bool:
            return isinstance(thing, real) if _first(cls) else type.__instancecheck__(cls, thing)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, real) if _first(cls) else type.__subclasscheck__(cls, kind)

    def _first(cls: type) -> bool:
        return real in cls.__bases__

    return Standing


def _datetime(clock: Clock) -> dict[str, type]:
    """The classes of `datetime`."""
    class FrozenDatetime(datetime.datetime, metaclass=_standing_for(datetime.datetime)):  # type: ignore[metaclass]
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(clock.now, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(clock.now, datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(clock.now)

        def __repr__(self) -> str:
            return f"datetime.{super().__repr__()}" if type(self) is FrozenDatetime else super().__repr__()

    class FrozenDate(datetime.date, metaclass=_standing_for(datetime.date)):  # type: ignore[metaclass]
        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(clock.now)

        def __repr__(self) -> str:
            return f"datetime.{super().__repr__()}" if type(self) is FrozenDate else super().__repr__()

    made: dict[str, type] = {"datetime": FrozenDatetime, "date": FrozenDate}
    for name, frozen in made.items():
        frozen.__module__, frozen.__name__, frozen.__qualname__ = "datetime", name, name
    return made
