"""Reads what a child answers. A child may be hostile, so everything is checked and nothing is believed about the host.

    read(b'["ok",3,"","","","",false,0.0001,7]', number=7, passed=0.0002)      # Outcome("ok", 3)
"""

import json
import math
from typing import Any

from astra_data.sandbox.channel import MalformedError
from astra_data.sandbox.outcome import ENDING_KINDS, OWN_KINDS, Outcome

SIX_TO_ONE = 6  # a byte of text is at most \u00XX in JSON
HEAD_BYTES = 1 << 16
_decode = json.JSONDecoder().raw_decode


def most_bytes(stdout_bytes: int, result_bytes: int) -> int:
    """The longest answer that an honest child sends."""
    return result_bytes + SIX_TO_ONE * stdout_bytes + HEAD_BYTES


def read(frame: bytes, number: int, passed: float) -> Outcome:
    """`number` is that of the request, `passed` the seconds that went by. Raises `MalformedError`."""
    try:
        text = frame.decode("ascii")
        answer, end = _decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"an answer that is not JSON ({type(error).__name__})") from None
    if end != len(text) or not _well_formed(answer):
        raise MalformedError("an answer of another form")
    kind, value, name, message, where, stdout, truncated, cpu_s, echo = answer
    if echo != number:
        raise MalformedError("an answer that nobody asked for")
    if b"\\ud" in frame and _half_letters(value, name, message, where, stdout):
        return Outcome("not_json", None, "", False, "UnicodeEncodeError", "the result or the output holds half of a letter")
    value = value if kind in ("ok", "output_limit") else None
    cpu_s = min(float(cpu_s), passed)
    return Outcome(kind, value, stdout, truncated, name, message, where, cpu_s, alive=kind not in ENDING_KINDS)


def _well_formed(answer: Any) -> bool:
    if type(answer) is not list or len(answer) != 9:
        return False
    kind, _, name, message, where, stdout, truncated, cpu_s, number = answer
    return (
        type(kind) is str and kind in OWN_KINDS and type(truncated) is bool
        and type(name) is type(message) is type(where) is type(stdout) is str
        and type(cpu_s) in (int, float) and math.isfinite(cpu_s) and cpu_s >= 0
        and type(number) is int
    )


def _half_letters(*parts: Any) -> bool:
    """Whether a text holds a surrogate alone, which no file can hold."""
    try:
        json.dumps(parts, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
