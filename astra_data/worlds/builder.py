"""A question in the making: nodes are added one by one, each with its exact answer, and a node that would be weak is refused.

    builder = Builder(domain, tables, rng)
    node = builder.add({"op": "lookup", ...}, gives="customers")

A node is weak if another argument gives its answer as well (then a tool that ignores the argument would do), if its answer is
that of another node (then one call would do for two), or if it is too common a number to tell anything.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows.canonical import canonical
from astra_data.worlds.domain import Column, Domain, Table, Tables, copied
from astra_data.worlds.programs import (
    ARITHMETIC,
    COMBINING,
    UNAIDED,
    WRITES,
    ImpossibleError,
    arguments_of,
    group,
    references_of,
    run,
)

SHARED = 0.1
"""Share of the other keys that may lead to the same answer, as two orders of one customer lead to the same town."""
APART = 100
"""A number that is added, subtracted or compared is at least this part of the other one, and differs from it by as much."""
LEAST, MOST = 10, 10**9
"""Bounds for numbers as answers of nodes. What exceeds something does so by a positive number."""


class WeakError(Exception):
    """The node would be weak; try another."""


@dataclass(frozen=True, slots=True)
class Step:
    """A node: `gives` is what its answer is: `number`, `date`, `text`, `list`, or the name of the table that it is a key of."""

    id: str
    level: int
    program: JsonObject
    answer: Any
    gives: str
    effect: JsonObject | None = None


@dataclass(slots=True)
class Builder:
    """`tables` is the state that all writes so far have left, `before` that before the last of them."""

    domain: Domain
    tables: Tables
    rng: random.Random
    steps: list[Step] = field(default_factory=list)
    before: Tables = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Any]:
        return {step.id: step.answer for step in self.steps}

    def add(self, op: str, gives: str, arguments: JsonObject, **rest: Any) -> Step:
        """Add a node. Raises `WeakError` where it would be weak."""
        program = {"op": op, **rest, "arguments": arguments}
        after = copied(self.tables) if op in WRITES else self.tables
        try:
            answer = run(program, after, self.answers)
        except ImpossibleError as error:
            raise WeakError(str(error)) from error
        if op not in WRITES:
            self._strong(program, answer, gives)
        if rest.get("after") and canonical(self._run(program, self.before)) == canonical(answer):
            raise WeakError("what was written makes no difference")
        if rest.get("after") and any(canonical(self._run(step.program, self.tables)) != canonical(step.answer)
                                     for step in self.steps if step.program["op"] not in WRITES):
            raise WeakError("what was found before would be another thing now")
        depends = [*references_of(program), *rest.get("after", [])]
        level = 1 + max((step.level for step in self.steps if step.id in depends), default=0)
        effect = _effect(self.tables, after, rest["table"]) if op in WRITES else None
        self.steps.append(Step(str(len(self.steps) + 1), level, program, answer, gives, effect))
        if op in WRITES:
            self.before, self.tables = self.tables, after
        return self.steps[-1]

    def _strong(self, program: JsonObject, answer: Any, gives: str) -> None:
        if gives == "number" and not LEAST <= answer < MOST:
            raise WeakError("a number too small or too large")
        if program["op"] in UNAIDED:
            distinct(self._given(program))
            return
        known = [canonical(step.answer) for step in self.steps]
        if canonical(answer) in known or (isinstance(answer, list) and not 2 <= len(answer) <= 6):
            raise WeakError("an answer that is there already, or a list too short or too long")
        if program["op"] in ARITHMETIC:
            self._decided(program, answer)
            return
        if program["op"] in (*COMBINING, "extreme") and len(group(program, self.tables, self._given(program)[0])) < 2:
            raise WeakError("there is nothing to combine in a single row")
        for name in program["arguments"]:
            others = [self._otherwise(program, name, value) for value in self.alternatives(program, name)]
            allowed = SHARED if gives in self.tables or "target" in program else 0.0
            if sum(canonical(other) == canonical(answer) for other in others) > allowed * len(others):
                raise WeakError("another argument gives the same answer")

    def _decided(self, program: JsonObject, answer: Any) -> None:
        """Refuse a calculation whose result hardly depends on one of its numbers."""
        values = self._given(program)
        if program["op"] in ("add", "subtract"):
            distinct(values)
        for name, value in zip(program["arguments"], values, strict=True):
            near = [] if isinstance(value, str) else [value + 1, value - 1]
            if any(canonical(self._otherwise(program, name, other)) == canonical(answer) for other in near):
                raise WeakError("a number near to this one gives the same")

    def _given(self, program: JsonObject) -> list[Any]:
        return list(arguments_of(program, self.answers).values())

    def _otherwise(self, program: JsonObject, name: str, value: Any) -> Any:
        return self._run(program | {"arguments": program["arguments"] | {name: {"value": value}}}, self.tables)

    def _run(self, program: JsonObject, tables: Tables) -> Any:
        """The result of a program that only reads; null where it has none."""
        try:
            return run(program, tables, self.answers)
        except ImpossibleError:
            return None

    def alternatives(self, program: JsonObject, name: str) -> list[Any]:
        """The other values that an argument could have."""
        given = program["arguments"][name]
        value = self.answers[given["node"]] if "node" in given else given["value"]
        table = next((table for table in self.domain.tables if name.endswith(table.key_name)), None)
        if table is None:
            values = sorted({row[program["by"]] for row in self.tables[program["table"]].values()})
        else:
            values = list(self.tables[table.name])
        return [other for other in values if other != value]

    def key(self, table: Table) -> JsonObject:
        """A random key of a table, as an argument that is stated."""
        return {"value": self.rng.choice(list(self.tables[table.name]))}

    def referring(self, table: str) -> Iterator[tuple[Table, Column]]:
        """Tables with a column that refers to this one."""
        for other in self.domain.tables:
            for column in other.of_kind("reference"):
                if column.of == table:
                    yield other, column


def distinct(numbers: Sequence[Any]) -> None:
    """Raises `WeakError` for numbers of which one hardly matters beside another, or that are hardly apart."""
    for one, other in combinations(numbers, 2):
        least = max(abs(one), abs(other)) / APART
        if min(abs(one), abs(other), abs(one - other)) < least:
            raise WeakError("numbers too near to each other, or too far apart")


def _effect(before: Tables, after: Tables, table: str) -> JsonObject:
    """The part of the state that a write has changed."""
    changed: JsonObject = {}
    for key, row in after[table].items():
        old = before[table].get(key, {})
        new = {column: value for column, value in row.items() if column not in old or value != old[column]}
        if new:
            changed[key] = new
    return {table: changed}
