"""Personas: whose words a variant is in. Forty of our own writing are packaged; any dataset of personas may take their place.

    people = read_personas(None, resources)
    people[17].id, people[17].card().occupation

Columns of a dataset are taken by name: those of the packaged set, or those of Nemotron-Personas. What a persona lacks is left
empty, and an empty one is left out.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from astra_data.errors import DataError, Place
from astra_data.pipeline.stage import Resources
from astra_data.rows import content_id
from astra_data.stages.benchmarks import public_name
from astra_data.teacher.task_asks import PersonaCard

PACKAGED = Path(__file__).parent / "personas.jsonl"
MOST = 10_000
"""Rows of a dataset that are looked at, from its first."""

LONGEST_LIST = 64 << 10
"""Characters of a written list that are looked at: no person has more skills."""
DESCRIPTION_CHARS = 200
LISTED = 5
"""Skills and hobbies that a prompt names, the first ones [A 5.2]."""

COLUMNS = {
    "occupation": ("occupation",),
    "education": ("education", "education_level"),
    "description": ("description", "professional_persona", "persona"),
    "skills": ("skills", "skills_and_expertise_list"),
    "hobbies": ("hobbies", "hobbies_and_interests_list"),
}
"""What is known of a persona -> the columns that may hold it."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One person; `id` is the dataset's, or that of the content."""

    id: str
    age: int | None
    occupation: str
    education: str
    description: str
    skills: tuple[str, ...]
    hobbies: tuple[str, ...]

    def card(self) -> PersonaCard:
        """What a prompt says of the person [A 5.2]."""
        return PersonaCard(
            age=self.age,
            occupation=self.occupation,
            education=self.education,
            description=self.description[:DESCRIPTION_CHARS],
            skills=list(self.skills[:LISTED]),
            hobbies=list(self.hobbies[:LISTED]),
        )


def read_personas(address: str | None, resources: Resources) -> list[Persona]:
    """The personas of a dataset, or the packaged ones. Raises `DataError` where there are none, and what loading raises."""
    if address is None:
        rows: Iterable[Mapping[str, Any]] = map(orjson.loads, PACKAGED.read_bytes().splitlines())
    else:
        rows = _loaded(address, resources)
    people = [person for row in islice(rows, MOST) if (person := _persona(row))]
    if not people:
        mend = f"a row has {', '.join(COLUMNS)}"
        raise DataError("holds no personas", place=Place(public_name(address or PACKAGED.name)), mend=mend)
    return people


def digest_of(address: str | None, resources: Resources) -> str:
    """Changes with any persona that could be drawn."""
    people = read_personas(address, resources)
    return content_id([[person.id, person.card().model_dump(mode="json")] for person in people])


def _loaded(address: str, resources: Resources) -> Iterable[Mapping[str, Any]]:
    from astra_data.hub.load import load

    rows: Iterable[Mapping[str, Any]] = load(resources.address(address), store=resources.store)
    return rows


def _persona(row: Mapping[str, Any]) -> Persona | None:
    occupation, education, description = (str(_first(row, name) or "") for name in ("occupation", "education", "description"))
    skills, hobbies = (tuple(_listed(_first(row, name))) for name in ("skills", "hobbies"))
    age = row.get("age") if type(row.get("age")) is int else None
    known = [age, occupation, education, description, skills, hobbies]
    if not any(known[1:]):
        return None
    name = str(row.get("id") or row.get("uuid") or content_id(known))
    return Persona(name, age, occupation, education, description, skills, hobbies)


def _first(row: Mapping[str, Any], part: str) -> Any:
    return next((row[column] for column in COLUMNS[part] if row.get(column)), None)


def _listed(value: Any) -> list[str]:
    """A list of texts, or one that is written as a Python or JSON list, or with commas."""
    if isinstance(value, str):
        value = value[:LONGEST_LIST]
        try:
            value = ast.literal_eval(value)
        except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
            value = [part.strip() for part in value.split(",")]
    return [str(part) for part in value] if isinstance(value, list | tuple) else []
