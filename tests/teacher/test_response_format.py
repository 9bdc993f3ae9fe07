"""A schema is declared strict only where strictness loses nothing."""

from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from astra_data.teacher.response_format import formats


class Level(StrEnum):
    LOW = "low"


class Part(BaseModel):
    name: str = "x"
    level: Level | None = None


class Closed(BaseModel):
    kind: Literal["a", "b"]
    parts: list[Part] = []


class Free(BaseModel):
    arguments: dict[str, Any]


class Loose(BaseModel):
    parts: list[Any]


class NestedFree(BaseModel):
    inner: list[Free]


def test_a_closed_schema_is_strict_with_every_property_required() -> None:
    declared = formats("closed", Closed)[0]["json_schema"]
    assert declared["strict"] is True
    assert declared["schema"]["required"] == ["kind", "parts"]
    part = declared["schema"]["$defs"]["Part"]
    assert part["required"] == ["name", "level"]
    assert part["additionalProperties"] is False
    assert "default" not in part["properties"]["name"]


@pytest.mark.parametrize("model", [Free, Loose, NestedFree])
def test_free_form_parts_keep_their_freedom(model: type[BaseModel]) -> None:
    declared = formats("free", model)[0]["json_schema"]
    assert declared["strict"] is False
    assert declared["schema"] == model.model_json_schema()


def test_formats_fall_from_schema_to_nothing() -> None:
    assert [form and form["type"] for form in formats("x", Closed)] == ["json_schema", "json_object", None]
