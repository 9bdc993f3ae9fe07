"""An error says no known value, whoever shows it and however far behind it stands; nor does a log."""

import asyncio
import io
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from pydantic import BaseModel
from rich.console import Console
from rich.traceback import Traceback

from astra_data.errors import DataError, Place
from astra_data.tools.scrub import Scrub
from astra_data.tools.silence import Silence

SECRET = "qX7Kz90aZw"
SCRUB = Scrub({SECRET})


class Model(BaseModel):
    number: int


def odd() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            return f"I always say {SECRET}"

    raise OddError


def grouped() -> None:
    raise ExceptionGroup("two", [ValueError(SECRET), ExceptionGroup("more", [KeyError(SECRET)])])


def behind() -> None:
    try:
        raise ValueError(f"first {SECRET}")
    except ValueError:
        raise DataError(f"second {SECRET}", place=Place(f"{SECRET}.json"), mend=SECRET) from None


def noted() -> None:
    error = ValueError({"headers": [SECRET]}, 7)
    error.add_note(f"while {SECRET}")
    raise error


def with_locals() -> None:
    key = {"authorization": SECRET}
    raise RuntimeError(len(key))


def raising(error: Exception) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


RAISERS: dict[str, Callable[[], object]] = {
    "its words": raising(ValueError(f"refused {SECRET}")),
    "an error of a person's": raising(DataError(f"no {SECRET}", mend=f"not {SECRET}")),
    "of the system": Path(f"/none/{SECRET}").read_text,
    "of a request": raising(httpx2.ConnectError(f"no http://x:{SECRET}@h")),
    "of a model": lambda: Model.model_validate({"number": SECRET}),
    "its own way": odd,
    "a group": grouped,
    "an error behind it": behind,
    "a note": noted,
    "a variable": with_locals,
    "a key": raising(KeyError(SECRET)),
}


@pytest.mark.parametrize("name", RAISERS)
def test_no_error_says_a_known_value(name: str) -> None:
    with pytest.raises(Exception) as raised, Silence(lambda: SCRUB):
        RAISERS[name]()
    shown = io.StringIO()
    rich = Traceback.from_exception(type(raised.value), raised.value, raised.value.__traceback__, show_locals=True)
    Console(file=shown, width=300).print(rich)
    said = [str(raised.value), repr(raised.value), "".join(traceback.format_exception(raised.value)), str(vars(raised.value))]
    frames = [line for text in (*said, shown.getvalue()) for line in text.splitlines() if SECRET in line]
    assert frames == []


def test_an_error_keeps_its_type_and_its_place_where_it_can() -> None:
    with pytest.raises(DataError) as raised, Silence(lambda: SCRUB):
        behind()
    assert str(raised.value) == "***.json: second *** (***)" and raised.value.place == Place("***.json")
    assert raised.value.__suppress_context__ and raised.traceback[-1].name == "behind"


def test_an_error_without_secrets_is_the_same_error() -> None:
    error = ValueError("plain")
    with pytest.raises(ValueError) as raised, Silence(lambda: SCRUB):
        raise error
    assert raised.value is error


def test_no_log_says_a_known_value_and_afterwards_logs_are_as_before(caplog: pytest.LogCaptureFixture) -> None:
    factory, log = logging.getLogRecordFactory(), logging.getLogger("some.library")
    with Silence(lambda: SCRUB):
        log.warning("key %s of %d", SECRET, 7)
        log.error(SECRET)
        log.warning("odd %d %s", SECRET)
        try:
            raise ValueError(SECRET)
        except ValueError:
            log.exception("failed")
    assert SECRET not in caplog.text and "key *** of 7" in caplog.text and "ValueError: ***" in caplog.text
    assert logging.getLogRecordFactory() is factory


def test_of_two_blocks_in_one_another_a_log_keeps_the_secrets_of_both(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("a.library")
    with Silence(lambda: Scrub({"outer-8kQ"})), Silence(lambda: SCRUB):
        try:
            raise ValueError(f"{SECRET} and outer-8kQ")
        except ValueError:
            log.warning("failed", exc_info=True, stack_info=True)
    assert "ValueError: *** and ***" in caplog.text and SECRET not in caplog.text and "outer-8kQ" not in caplog.text


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_stops_a_program_keeps_its_type_and_says_nothing_either(stop: type[BaseException]) -> None:
    with pytest.raises(stop) as raised, Silence(lambda: SCRUB):
        try:
            raise ValueError(f"the key {SECRET}")
        except ValueError:
            raise stop(f"stopped at {SECRET}") from None
    error = raised.value
    shown = [*traceback.format_exception(error), repr(getattr(error, "code", "")), repr(error.__context__)]
    assert type(error) is stop and SECRET not in "".join(shown)


def test_a_scrub_is_asked_for_only_when_there_is_something_to_say() -> None:
    asked: list[int] = []

    def scrub() -> Scrub:
        asked.append(1)
        return SCRUB

    with Silence(scrub):
        pass
    assert asked == []
    with pytest.raises(ValueError, match="bad"), Silence(scrub):
        raise ValueError("bad")
    assert asked
