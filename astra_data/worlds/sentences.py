"""What nodes and whole questions are called in a language.

    phrase(program, names, part)        # 'the city of the customer of order ORD-481'

A phrase is built from the phrases of what it takes: a key or a number that is stated, or another node.
"""

from collections.abc import Callable, Sequence
from typing import Any

from astra_data.messages import JsonObject
from astra_data.worlds.domain import Domain, Table
from astra_data.worlds.programs import ARITHMETIC, UNAIDED, WRITES
from astra_data.worlds.wording.wording import Phrase, Wording

Describe = Callable[[str], Phrase]
"""Node id -> what it is called."""


class Speaker:
    """Talks about one domain in one language, in the ways that a number draws (see `Wording`)."""

    def __init__(self, domain: Domain, wording: Wording, way: int = 0) -> None:
        self._domain, self._wording, self._way = domain, wording, way

    def phrase(self, program: JsonObject, describe: Describe) -> Phrase:
        """What the result of a program is called; nodes that it takes are described."""
        op = program["op"]
        parts = self._parts(program, describe)
        if op in (*ARITHMETIC, *UNAIDED):
            return self._named(op, **dict(zip(("first", "second", "third"), parts, strict=False)))
        table = self._domain.table(program["table"])
        column = self._noun(program.get("column") or "status")
        if op == "lookup":
            return self._named(op, head=column, row=parts[0])
        if op == "follow":
            return self._named(op, head=column, via=self._noun(program["via"]), row=parts[0])
        if op == "gap":
            return self._named(op, column=column, first=parts[0], second=parts[1])
        rows = self._rows(table, program["by"], parts[0])
        if op == "extreme":
            return self._named(f"extreme_{program['which']}", head=self._noun(table.entity), column=column, rows=rows)
        return self._named(op, column=column, rows=rows)

    def sentence(self, program: JsonObject, describe: Describe) -> str:
        """A question for the result of a program, or the order to write."""
        op = program["op"]
        if op not in WRITES:
            return self._said("ask", self.phrase(program, describe))
        if op == "create":
            return self._created(program, describe)
        parts = self._parts(program, describe)
        if op == "move":
            return self._said(op, first=parts[0], second=parts[1], number=parts[2], column=self._noun(program["column"]))
        return self._said(op, row=parts[0], status=parts[-1])

    def _created(self, program: JsonObject, describe: Describe) -> str:
        """The order to create a row; keys that are stated stand without a noun, since the column has one."""
        values = [
            self._said("value", column=self._label(column),
                       value=describe(given["node"]) if "node" in given else self.constant(given["value"]))
            for column, given in zip(program["columns"], program["arguments"].values(), strict=True)
        ]
        entity = self._label(self._domain.table(program["table"]).entity)
        return self._said("create", entity=entity, values="; ".join(values))

    def constant(self, value: Any) -> Phrase:
        return self._wording.constant(str(value))

    def listed(self, programs: Sequence[JsonObject], describe: Describe) -> str:
        """One request for several results."""
        subject = self._wording.cases[0]
        named = "; ".join(format(self.phrase(program, describe), subject) for program in programs)
        return self._said("ask_all", named)

    def steps(self, start: Phrase, run: Sequence[tuple[str, Phrase]], end: str, *beside: Phrase) -> str:
        """A calculation told step by step: (operation, what with). `end` is what is asked of its result and those beside it."""
        return " ".join([self._said("begin", start), *(self._said(op, other) for op, other in run), self._said(end, *beside)])

    def then(self, first: str, second: str) -> str:
        return f"{first} {self._said('then', second)}"

    def _said(self, name: str, *parts: Any, **named: Any) -> str:
        return self._wording.sentence(name, self._way, *parts, **named)

    def _named(self, operation: str, **parts: Any) -> Phrase:
        return self._wording.phrase(operation, self._way, **parts)

    def _rows(self, table: Table, by: str, value: Phrase) -> str:
        """What the rows that refer to a row, or share a category, are called."""
        rows = self._wording.plural(table.entity, self._domain)
        if table.column(by).kind == "reference":
            return self._said("rows_of", rows=rows, owner=value)
        return self._said("rows_with", rows=rows, column=self._noun(by), label=self._label(by), value=value)

    def _parts(self, program: JsonObject, describe: Describe) -> list[Phrase]:
        return [
            describe(given["node"]) if "node" in given else self._stated(program, name, given["value"])
            for name, given in program["arguments"].items()
        ]

    def _stated(self, program: JsonObject, name: str, value: Any) -> Phrase:
        """A value that the question states: a key with its noun, anything else as it is."""
        owner = next((table for table in self._domain.tables if name.endswith(table.key_name)), None)
        return self.constant(value) if owner is None else self._wording.row(owner.entity, str(value), self._domain)

    def row(self, table: str, key: str) -> Phrase:
        """What the row of a table is called."""
        return self._wording.row(self._domain.table(table).entity, key, self._domain)

    def _label(self, word: str) -> str:
        return self._wording.bare(word, self._domain)

    def _noun(self, word: str) -> Phrase:
        return self._wording.noun(word, self._domain)
