"""Every error that a person is meant to read, with the place it speaks of and the mend.

    raise DataError("arguments must be an object", place=Place("tasks.jsonl", row=3, field="arguments"),
                    mend="write {} for a call without arguments")

`str()` of an error is one sentence: the place, what is wrong, how to mend it. The command line prints it and leaves with
`exit_code`; nothing below the command line catches an `AstraError` only to print it.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error was found: a file or address, a row (counted from 1) and a dotted field."""

    file: str
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        field = "" if self.field is None else f", field {self.field}"
        return f"{self.file}{row}{field}"


class AstraError(Exception):
    """An error with a place and a mend. Subclasses differ by what broke, and so by exit code."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, place: Place | None = None, mend: str = "") -> None:
        self.message, self.place, self.mend = message, place, mend
        head = f"{place}: " if place else ""
        tail = f" ({mend})" if mend else ""
        super().__init__(f"{head}{message}{tail}")


class UsageError(AstraError):
    """The command, the recipe or an address does not say something we can do."""

    exit_code = 2


class DataError(AstraError):
    """Input rows, documents or a stored version are not what they should be."""

    exit_code = 3


class StoreError(DataError):
    """The store, the ledger or the disk below them cannot be used: no item is to blame, and none can be done."""


class InnerError(AstraError):
    """We met an error of our own; what it came with is quarantined, and everything else is done."""


class EndpointError(AstraError):
    """A model endpoint or the Hub could not be reached, or refused."""

    exit_code = 4


class ToolError(AstraError):
    """An MCP server could not be started, or was lost."""

    exit_code = 5


class NothingKept(AstraError):  # noqa: N818  (an end state of a run, by its name)
    """The last stage of a run kept no row."""

    exit_code = 7


class SandboxError(AstraError):
    """Code that nobody vouches for cannot be run here as safely as asked for."""

    exit_code = 6
