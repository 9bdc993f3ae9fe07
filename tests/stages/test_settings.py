"""What all stages have in common: settings that nobody changes on the way, and rows that refer instead of copying."""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from pydantic import BaseModel, ValidationError

from astra_data.rows import ROW_TYPES
from astra_data.stages import STAGES
from astra_data.teacher.models import ModelConfig

SETTINGS = [ModelConfig(model="m"), *(stage.config() for stage in STAGES.values())]


def with_inner(settings: BaseModel) -> Iterator[BaseModel]:
    yield settings
    for name in type(settings).model_fields:
        if isinstance(inner := dict(settings)[name], BaseModel):
            yield from with_inner(inner)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: type(one).__name__)
def test_settings_that_parts_share_cannot_be_changed(settings: BaseModel) -> None:
    """[A 17.1, T24]"""
    for one in with_inner(settings):
        for name in type(one).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(one, name, None)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: type(one).__name__)
def test_a_setting_that_does_nothing_cannot_be_given(settings: BaseModel) -> None:
    """[A 17.1, T33]"""
    for one in with_inner(settings):
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            type(one).model_validate({**one.model_dump(), "multi_server": True})


def test_rows_name_their_ancestors_and_do_not_copy_them() -> None:
    """Documents of tools stand in `tools` and in the rows that are complete in themselves on purpose [A 17.1, T30]."""
    columns = {kind: {field.name for field in fields(row_type)} for kind, row_type in ROW_TYPES.items()}
    assert {kind for kind, names in columns.items() if "connection" in names} == {"tools"}
    referring = {"chains": "server_id", "tasks": "server_id", "trajectories": "task_id", "sft": "trajectory_id"}
    assert all(name in columns[kind] for kind, name in referring.items())
    for kind in ("chains", "tasks"):
        inside = {field.name: str(field.type) for field in fields(ROW_TYPES[kind])}
        assert not [name for name, kind_of in inside.items() if "Json" in kind_of or "Tool" in kind_of]
