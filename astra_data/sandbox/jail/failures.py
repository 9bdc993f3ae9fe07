"""What an exception of an image's code is called: its kind, its name, its text and its place.

    kind_of(PermissionError(1, "Operation not permitted"))    # "forbidden": it came from the kernel
    kind_of(PermissionError("not your account"))              # "error": a tool's own refusal

Exceptions are hostile too: their `__str__` may raise anything, their class may lie about its name.
"""

import errno
from typing import Any

MESSAGE_LETTERS, NAME_LETTERS, PLACE_LETTERS = 2_000, 200, 500
REFUSED = (errno.EPERM, errno.EACCES)
_own_name = type.__dict__["__name__"].__get__


def kind_of(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, RecursionError):
        return "recursion"
    if isinstance(error, SystemExit):
        return "exit"
    if isinstance(error, PermissionError) and error.errno in REFUSED:
        return "forbidden"
    return "error"


def described(error: BaseException, files: set[str]) -> tuple[str, str, str]:
    """(name, message, place in the image)."""
    return name_of(error), text_of(error), place_of(error, files)


def name_of(error: BaseException) -> str:
    return str(_own_name(type(error)))[:NAME_LETTERS]


def text_of(error: BaseException) -> str:
    try:
        text = str(error)
        return text[:MESSAGE_LETTERS] if type(text) is str else ""
    except MemoryError:
        raise
    except BaseException as second:
        return f"its text could not be made: {name_of(second)}"


def place_of(error: BaseException, files: set[str]) -> str:
    """`bank.py:12 in pay`, the innermost place in a module of the image; `""` if there is none."""
    place = ""
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files:
            place = f"{code.co_filename}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return place[:PLACE_LETTERS]
