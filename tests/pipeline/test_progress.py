"""What a person reads: the funnel with its reasons, and lines that say what they were given."""

import io
import time

import pytest
from rich.console import Console

from astra_data.hub.lineage import Funnel
from astra_data.pipeline import progress
from astra_data.pipeline.progress import Board, funnel_table


def console() -> Console:
    return Console(file=io.StringIO(), width=140)


def shown(by: Console) -> str:
    assert isinstance(by.file, io.StringIO)
    return by.file.getvalue()


def test_the_funnel_holds_every_reason_with_its_count() -> None:
    funnel = Funnel(100, 88, {"task: too vague": 7, "duplicate: same text": 2}, {"endpoint: timeout": 3})
    page = console()
    page.print(funnel_table([("tools", Funnel(5, 5)), ("tasks", funnel)]))
    lines = [line.split() for line in shown(page).splitlines()]
    assert ["tasks", "100", "88", "9", "3"] in lines
    assert ["7", "task:", "too", "vague"] in lines
    assert ["2", "duplicate:", "same", "text"] in lines
    assert ["3", "endpoint:", "timeout"] in lines


def test_reasons_and_lines_that_look_like_markup_are_shown_as_they_are() -> None:
    page = console()
    page.print(funnel_table([("tasks", Funnel(2, 0, {"schema: [/items] is [red]": 1}, {"down: [/]": 1}))]))
    with Board(page, lambda: 0.0) as board:
        board.say("made [/tasks] [bold]x")
    for text in ("schema: [/items] is [red]", "down: [/]", "made [/tasks] [bold]x"):
        assert text in shown(page)


def test_a_long_line_is_not_broken_where_there_is_no_terminal() -> None:
    page, line = console(), "x" * 500
    with Board(page, lambda: 0.0) as board:
        board.say(line)
    assert line in shown(page)


def test_without_a_terminal_a_stage_says_how_far_it_is_though_no_item_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.001)
    page = console()

    def line(start: str) -> str:
        while not (found := [said for said in shown(page).splitlines() if said.startswith(start)]):
            time.sleep(0.001)
        return found[0]

    with Board(page, lambda: 1.5) as board:
        assert line("starting")
        meter = board.meter("tasks", None)
        assert line("tasks         0 items")
        meter.update(10, 7, 2, 1)
        assert line("tasks         10 items").endswith("7 ok  2 rejected  1 quarantined  $1.5000")


def test_a_quiet_console_stays_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    page = console()
    page.quiet = True
    with Board(page, lambda: 1.5) as board:
        board.meter("tasks", None).update(10, 7, 2, 1)
    assert not shown(page)
