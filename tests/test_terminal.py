"""Whatever is printed, a terminal shows it and obeys none of it."""

import io
import json
import logging
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from hostile_texts import TERMINAL, UNSEEN
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from astra_data.characters import one_line, visible
from astra_data.console import PlainConsole, plain_console
from astra_data.terminal import Guard, guarded, say, say_block, say_json

TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(list(TERMINAL.values()))


def printed(work: Any, *told: Any, **named: Any) -> str:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(out):
        work(*told, **named)
    return out.getvalue()


@pytest.mark.parametrize("kind", TERMINAL)
def test_a_hostile_text_is_one_line_without_a_sequence(kind: str) -> None:
    shown = printed(say, TERMINAL[kind])
    assert not UNSEEN.search(shown)
    assert shown.count("\n") == 1 and shown.endswith("\n")


@given(TEXTS)
def test_any_text_can_be_printed_and_is_seen(text: str) -> None:
    for shown in (printed(say, text), printed(say, text, err=True), printed(say_block, text), printed(say_json, {text: [text]})):
        assert not UNSEEN.search(shown)


@given(TEXTS)
def test_json_that_is_printed_is_the_value_again_on_one_line(text: str) -> None:
    value = {"a": [text, {text: 2**70}]}
    shown = printed(say_json, value)
    assert json.loads(shown) == value
    assert shown.count("\n") == 1


def test_what_is_not_seen_is_written_out_and_all_else_stays() -> None:
    assert visible("a\x1b\x9b\u202e\U000e0041\tb\n\u00e9 \u4e2d [red] :x: \\x1b") == (
        "a\\x1b\\x9b\\u202e\\U000e0041\tb\n\u00e9 \u4e2d [red] :x: \\x1b"
    )
    assert one_line("a\nb\r\nc") == "a\\nb\\x0d\\nc"
    assert printed(say_json, {"a": "\u00e9\x9b\x1b\u202e"}) == '{"a":"\u00e9\\u009b\\u001b\\u202e"}\n'


def test_a_message_of_several_lines_is_indented_so_that_none_looks_like_one_of_ours() -> None:
    assert printed(say_block, "astra: no\r\nastra: yes\nastra: \x1b[A") == "astra: no\n    astra: yes\n    astra: \\x1b[A\n"


@pytest.mark.parametrize("kind", TERMINAL)
def test_a_console_takes_no_text_for_markup_and_lets_no_sequence_through(kind: str) -> None:
    text = TERMINAL[kind]

    def work() -> None:
        table = Table(text, title=text, caption=text)
        table.add_row(text)
        table.add_row(Text(text), style="bold")
        for one in (text, Text(text), table):
            plain_console(width=200).print(one)

    shown = printed(work)
    assert not UNSEEN.search(shown)
    if kind in ("markup", "emoji codes"):
        assert shown.count(text) == 7


@given(TEXTS)
def test_a_console_prints_any_text(text: str) -> None:
    assert not UNSEEN.search(printed(lambda: plain_console(width=80).print(text)))


def test_a_console_on_a_terminal_has_colours_of_its_own_and_none_of_the_text() -> None:
    file = io.StringIO()
    shown = PlainConsole(file=file, force_terminal=True, color_system="standard", markup=False, emoji=False)
    shown.print(Text("x\x1b[31m\x9b", "bold"))
    assert file.getvalue() == "\x1b[1mx\\x1b[31m\\x9b\x1b[0m\n"


@pytest.mark.parametrize("kind", [kind for kind in TERMINAL if kind != "halves"])  # workers of pytest cannot report those
def test_what_libraries_log_and_print_is_made_visible(kind: str) -> None:
    text = TERMINAL[kind]
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(out), guarded():
        handler = logging.StreamHandler()
        logging.getLogger("one").propagate = False
        logging.getLogger("one").addHandler(handler)
        logging.getLogger("one").warning("a %s", text)
        logging.getLogger("one").removeHandler(handler)
        sys.stderr.write(f"b {text}\n")
        sys.stdout.writelines([f"c {text}", "\n"])
    assert not UNSEEN.search(out.getvalue())
    assert [f"{letter} " in out.getvalue() for letter in "abc"] == [True] * 3


def test_a_progress_bar_of_a_library_may_move_along_its_line_and_up_and_its_text_may_not() -> None:
    out = io.StringIO()
    bar = Guard(out)
    for written in ("\rfile\rname\x1b[31m: 5 %", "\n", "\x1b[A", "\n\n\x1b[A\x1b[A", "a\x1b[A"):
        bar.write(written)
    assert out.getvalue() == "\rfile\\x0dname\\x1b[31m: 5 %\n\x1b[A\n\n\x1b[A\x1b[Aa\\x1b[A"


def test_guards_are_gone_afterwards_and_are_not_put_on_twice() -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        with guarded(), guarded():
            assert isinstance(sys.stdout, Guard) and sys.stdout.bare is out
        assert sys.stdout is out


SAYING = """
from astra_data.console import PlainConsole, plain_console
from astra_data.terminal import guarded, say, say_json
text = "gr\\u00fc\\u00df \\U0001f600 \\ud800 \\u2713"
with guarded():
    say(text)
    plain_console().print(text)
    say_json({text: text})
"""


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_a_terminal_without_these_letters_gets_their_numbers(environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", SAYING], capture_output=True, env=environment, check=True)
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    first, second, third = done.stdout.decode(encoding).splitlines()
    assert first == second and "\\ud800" in first
    assert json.loads(third) == {"gr\u00fc\u00df \U0001f600 \ud800 \u2713": "gr\u00fc\u00df \U0001f600 \ud800 \u2713"}
