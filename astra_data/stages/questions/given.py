"""Source (c): questions that exist, one JSON object on each line of a file.

    {"question": "How tall is the older of the two towers?", "domain": "architecture", "knowledge": ["The north tower ..."]}

Beside `question` a row may have `domain`, `language` (told from the question, if not), `knowledge` (a text, or a list of
passages) and `answer`. Every row is checked before any of them is worked on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from astra_data.errors import DataError, Place
from astra_data.hub.writer import read_jsonl
from astra_data.pipeline.complaints import complaint
from astra_data.pipeline.stage import Item, Resources
from astra_data.rows import content_id
from astra_data.stages.questions.config import Given
from astra_data.text.language import language_of

UNKNOWN = "unknown"
"""Domain of a question that names none."""
UNDETERMINED = "und"
"""Language of a question in none that can be told (ISO 639-2)."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class GivenQuestion(BaseModel):
    """A question as its file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    question: str = Field(min_length=1, pattern=r"\S")
    domain: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")
    knowledge: Annotated[list[Annotated[str, Field(pattern=r"\S")]], BeforeValidator(_listed)] = []
    answer: Any = None

    @property
    def told_language(self) -> str:
        return self.language or language_of(self.question) or UNDETERMINED


@dataclass(frozen=True, slots=True)
class ToDecompose:
    """A given question."""

    row: GivenQuestion


def read_given(config: Given, resources: Resources) -> list[GivenQuestion]:
    """All questions of all files. Raises `DataError` naming file, row and field."""
    found = [row for name in config.files for row in _rows(name, resources)]
    if not found:
        raise DataError("holds no questions", place=Place(", ".join(config.files)), mend='write {"question": "..."} on each line')
    return found


def _rows(name: str, resources: Resources) -> Iterator[GivenQuestion]:
    path = resources.path(name)
    if not path.is_file():
        raise DataError("there is no such file", place=Place(path.name), mend="name a JSON Lines file, relative to the recipe's")
    for number, value in read_jsonl(path):
        try:
            yield GivenQuestion.model_validate(value)
        except ValidationError as error:
            field, message, mend = complaint(GivenQuestion, error)
            raise DataError(message, place=Place(path.name, number, field or None), mend=mend) from None


def items(rows: list[GivenQuestion]) -> Iterator[Item]:
    for row in rows:
        yield Item(content_id(row.model_dump(mode="json")), ToDecompose(row))
