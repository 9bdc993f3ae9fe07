"""What nodes and whole questions are called in a language.

    phrase(program, names, part)        # 'the city of the customer of order ORD-481'

A phrase is built from the phrases of what it takes: a key or a number that is stated, or another node.
"""

from collections.abc import Callable, Sequence
from typing import Any

from astra_data.messages import JsonObject
from astra_data.worlds.domain import Domain, Table
from astra_data.worlds.programs import ARITHMETIC, WRITES
from astra_data.worlds.wording.wording import Phrase, Wording

Describe = Callable[[str], Phrase]
"""Node id -> what it is called."""


class Speaker:
    """Talks about one domain in one language."""

    def __init__(self, domain: Domain, wording: Wording) -> None:
        self._domain, self._wording = domain, wording

    def phrase(self, program: JsonObject, describe: Describe) -> Phrase:
        """What the result of a program is called; nodes that it takes are described."""
        op, words = program["op"], self._wording
        parts = self._parts(program, describe)
        if op in ARITHMETIC:
            return words.phrase(op, first=parts[0], second=parts[1])
        table = self._domain.table(program["table"])
        column = self._noun(program.get("column") or "status")
        if op == "lookup":
            return words.phrase(op, head=column, row=parts[0])
        if op == "follow":
            return words.phrase(op, head=column, via=self._noun(program["via"]), row=parts[0])
        if op == "gap":
            return words.phrase(op, column=column, first=parts[0], second=parts[1])
        rows = self._rows(table, program["by"], parts[0])
        if op == "extreme":
            return words.phrase(f"extreme_{program['which']}", head=self._noun(table.entity), column=column, rows=rows)
        return words.phrase(op, column=column, rows=rows)

    def sentence(self, program: JsonObject, describe: Describe) -> str:
        """A question for the result of a program, or the order to write."""
        sentences = self._wording.sentences
        if program["op"] not in WRITES:
            return sentences["ask"].format(self.phrase(program, describe))
        parts = self._parts(program, describe)
        if program["op"] == "set":
            return sentences["set"].format(row=parts[0], status=program["arguments"]["status"]["value"])
        column = self._noun(program["column"])
        return sentences["move"].format(first=parts[0], second=parts[1], number=parts[2], column=column)

    def constant(self, value: Any) -> Phrase:
        return self._wording.constant(str(value))

    def listed(self, programs: Sequence[JsonObject], describe: Describe) -> str:
        """One request for several results."""
        subject = self._wording.cases[0]
        named = "; ".join(format(self.phrase(program, describe), subject) for program in programs)
        return self._wording.sentences["ask_all"].format(named)

    def steps(self, start: Phrase, run: Sequence[tuple[str, Phrase]]) -> str:
        """A calculation told step by step: (operation, what with)."""
        sentences = self._wording.sentences
        told = [sentences["begin"].format(start), *(sentences[op].format(other) for op, other in run), sentences["result"]]
        return " ".join(told)

    def then(self, first: str, second: str) -> str:
        return f"{first} {self._wording.sentences['then'].format(second)}"

    def _rows(self, table: Table, by: str, value: Phrase) -> str:
        """What the rows that refer to a row, or share a category, are called."""
        rows, sentences = self._wording.plural(table.entity, self._domain), self._wording.sentences
        if table.column(by).kind == "reference":
            return sentences["rows_of"].format(rows=rows, owner=value)
        return sentences["rows_with"].format(rows=rows, column=self._noun(by), value=value)

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

    def _noun(self, word: str) -> Phrase:
        return self._wording.noun(word, self._domain)
