"""Reads what a child answers. A child may be hostile, so everything is checked and nothing is believed about the host.

    bounds = Bounds(stdout_bytes=16_384, result_bytes=1 << 20)
    read(b'["ok",3,"","","","",false,0.0001,7]', number=7, passed=0.0002, bounds=bounds)      # Outcome("ok", 3)

What an honest child would not send is malformed, down to the number in its text that no float holds.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from astra_data.nesting import MOST_DEPTH, may_be_too_deep, too_deep
from astra_data.sandbox.channel import MalformedError
from astra_data.sandbox.jail.failures import MESSAGE_LETTERS, NAME_LETTERS, PLACE_LETTERS
from astra_data.sandbox.outcome import ENDING_KINDS, OWN_KINDS, Outcome

SIX_TO_ONE = 6  # a byte of text is at most \u00XX in JSON
HEAD_BYTES = 1 << 16
MOST_CPU_S = 1e9
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
LARGE = re.compile(rb"[eE]\+?\d{3}|\d{309}")
"""Without one of these no number of a frame is beyond what a float holds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may print (bytes of UTF-8) and give back (bytes of JSON) at one call."""

    stdout_bytes: int
    result_bytes: int

    @property
    def frame_bytes(self) -> int:
        """The longest answer that an honest child sends."""
        return self.result_bytes + SIX_TO_ONE * self.stdout_bytes + HEAD_BYTES


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


_decode = json.JSONDecoder(parse_constant=_no_number).raw_decode
_decode_carefully = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite).raw_decode
_encode = json.JSONEncoder(separators=(",", ":")).encode


def read(frame: bytes, number: int, passed: float, bounds: Bounds) -> Outcome:
    """`number` is that of the request, `passed` the seconds that went by. Raises `MalformedError`."""
    try:
        text = frame.decode("ascii")
        answer, end = (_decode_carefully if LARGE.search(frame) else _decode)(text)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"an answer that is not JSON ({type(error).__name__})") from None
    if end != len(text) or not _well_formed(answer) or (may_be_too_deep(frame) and too_deep(answer, MOST_DEPTH + 1)):
        raise MalformedError("an answer of another form")
    kind, value, name, message, where, stdout, truncated, cpu_s, echo = answer
    if echo != number:
        raise MalformedError("an answer that nobody asked for")
    value = value if kind in ("ok", "output_limit") else None
    if SURROGATE.search(frame) and _half_letters(value, name, message, where, stdout):
        return Outcome("not_json", None, "", False, "UnicodeEncodeError", "the result or the output holds half of a letter")
    if _larger(len(frame), value, stdout, bounds):
        raise MalformedError("an answer beyond its limits")
    cpu_s = float(min(cpu_s, passed))
    return Outcome(kind, value, stdout, truncated, name, message, where, cpu_s, alive=kind not in ENDING_KINDS)


def _well_formed(answer: Any) -> bool:
    if type(answer) is not list or len(answer) != 9:
        return False
    kind, _, name, message, where, stdout, truncated, cpu_s, number = answer
    return (
        type(kind) is str and kind in OWN_KINDS and type(truncated) is bool
        and type(name) is type(message) is type(where) is type(stdout) is str
        and len(name) <= NAME_LETTERS and len(message) <= MESSAGE_LETTERS and len(where) <= PLACE_LETTERS
        and type(cpu_s) in (int, float) and 0 <= cpu_s < MOST_CPU_S
        and type(number) is int
    )


def _larger(size: int, value: Any, stdout: str, bounds: Bounds) -> bool:
    """Whether there is more than the bounds allow in a frame of `size` bytes; most are too small for that."""
    printed = size > bounds.stdout_bytes and len(stdout.encode()) > bounds.stdout_bytes
    return printed or (size > bounds.result_bytes and len(_encode(value)) > bounds.result_bytes)


def _half_letters(*parts: Any) -> bool:
    """Whether a text holds a surrogate alone, which no file can hold."""
    try:
        json.dumps(parts, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
