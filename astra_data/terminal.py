"""The ways out to a terminal: lines, JSON, and whatever else is written to the two streams.

    say(f"{name}@{tree[:12]}")                  # one line, in which all that is not seen is written out
    say_json({"name": name})                    # valid JSON, one line
    with guarded(): ...                         # inside, what libraries log, warn of and print is made visible, too

Text from rows, servers, models, files and addresses may hold sequences that move the cursor, write to the clipboard or look like
lines of ours. No module prints but by these functions, and by a console of `astra_data.console`.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

import orjson

from astra_data.characters import UNSEEN, escaped, one_line, visible

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
CURSOR = re.compile(r"[\r\n]*(?:\x1b\[A)*")
"""What a progress bar of a library moves the cursor with, and nothing else: whole in one write."""


def say(line: object = "", *, err: bool = False) -> None:
    """Print one line: to standard output, or with `err` to standard error. Its own line feeds are written out."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{spelled(one_line(line), stream)}\n")
    stream.flush()


def say_block(text: object, *, err: bool = False) -> None:
    """Print a text of several lines. All but the first are indented, so that none passes for a message of ours."""
    first, *rest = str(text).replace("\r\n", "\n").split("\n")
    for line in (first, *(f"    {line}" for line in rest)):
        say(line, err=err)


def say_json(value: Any, *, indent: bool = False) -> None:
    """Print a value as JSON on standard output. What is not seen is an escape, and what the terminal cannot write."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode()
    except TypeError:  # halves of characters, integers beyond 64 bits
        text = json.dumps(value, ensure_ascii=False, indent=2 if indent else None,
                          separators=None if indent else (",", ":"))
    text = UNSEEN.sub(lambda found: escaped(found[0]), text)
    if spelled(text, sys.stdout) != text:
        text = BEYOND_ASCII.sub(lambda found: escaped(found[0]), text)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def spelled(text: str, stream: Any) -> str:
    """The text with what the stream's encoding lacks as backslash and number."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class Guard:
    """A stream that makes visible what is written to it. A carriage return may begin a write, as progress bars have it."""

    def __init__(self, stream: TextIO) -> None:
        self.bare = stream

    def write(self, text: str) -> int:
        if not CURSOR.fullmatch(text):
            lead = text[:1] if text.startswith("\r") else ""
            text = lead + spelled(visible(text[len(lead):].replace("\r\n", "\n")), self.bare)
        return self.bare.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)


def bare(stream: Any) -> TextIO:
    """The stream behind a guard, for those who write sequences of their own making."""
    return cast(TextIO, stream.bare if isinstance(stream, Guard) else stream)


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever is written to the two streams in the meantime is made visible. One that is closed is one that nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    with redirect_stdout(cast(TextIO, Guard(bare(sys.stdout)))), redirect_stderr(cast(TextIO, Guard(bare(sys.stderr)))):
        yield
