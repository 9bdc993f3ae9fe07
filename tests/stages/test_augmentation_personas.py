"""Personas come from the packaged set or from any dataset of personas, and a change of them is a change of the stage."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from astra_data.errors import DataError
from astra_data.ledger import Ledger
from astra_data.pipeline.stage import Resources
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.stages.tasks.personas import PACKAGED, digest_of, read_personas
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template

NEMOTRON = {
    "uuid": "u-1",
    "age": 44,
    "occupation": "smith",
    "education_level": "apprenticeship",
    "professional_persona": "x" * 500,
    "skills_and_expertise_list": "['forging', \"farrier's work\", 'c', 'd', 'e', 'f']",
    "hobbies_and_interests_list": "reading, rowing",
    "zip_code": "1234",
}


@pytest.fixture
def resources(tmp_path: Path) -> Any:
    """Resources of a recipe in the test's folder."""
    ledger: Ledger = None  # type: ignore[assignment]
    return Resources(7, ledger, Roles({}), {}, (), {}, Template(), folder=tmp_path)


def dataset(folder: Path, *rows: dict[str, Any], place: str = "data") -> None:
    (folder / "people" / place).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "people" / place / "train-00000-of-00001.parquet")


def test_the_packaged_set_is_whole(resources: Resources) -> None:
    people = read_personas(None, resources)
    assert len(people) == len({person.id for person in people}) == len({person.description for person in people}) == 40
    for person in people:
        assert person.age is not None
        assert 15 < person.age < 90
        assert all([person.occupation, person.education, person.description, person.skills, person.hobbies]), person.id
        assert len(person.card().description) == len(person.description) <= 200
    lines = [json.loads(line) for line in PACKAGED.read_text().splitlines()]
    assert {tuple(line) for line in lines} == {("id", "age", "occupation", "education", "description", "skills", "hobbies")}


@pytest.mark.parametrize("place", ["data", "."])
def test_a_dataset_with_the_columns_of_nemotron_is_read(resources: Resources, place: str) -> None:
    dataset(resources.folder, NEMOTRON, place=place)
    (person,) = read_personas("./people", resources)
    assert (person.id, person.age, person.education, person.hobbies) == ("u-1", 44, "apprenticeship", ("reading", "rowing"))
    assert len(person.card().description) == 200
    assert person.card().skills == ["forging", "farrier's work", "c", "d", "e"]


def test_what_a_persona_lacks_is_empty_and_an_empty_one_is_no_persona(resources: Resources) -> None:
    dataset(
        resources.folder, {"occupation": "smith", "age": None}, {"occupation": None, "age": 30}, {"occupation": "", "age": 31}
    )
    (person,) = read_personas("./people", resources)
    assert (person.age, person.education, person.skills) == (None, "", ())
    assert len(person.id) == 16


def test_a_dataset_without_personas_is_an_error_that_names_the_columns(resources: Resources) -> None:
    dataset(resources.folder, {"text": "x"})
    with pytest.raises(DataError, match=r"people: holds no personas .*occupation"):
        read_personas("./people", resources)


def test_other_personas_are_another_stage_only_where_they_are_drawn(resources: Resources) -> None:
    drawing, idle = ({"augment": {"personas": "./people", "persona": count}} for count in (1, 0))
    prints = []
    for occupation in ("smith", "baker"):
        dataset(resources.folder, NEMOTRON | {"occupation": occupation})
        prints.append([STAGE.fingerprint(TasksConfig.model_validate(given), resources) for given in (drawing, idle)])
    assert prints[0][0] != prints[1][0]
    assert prints[0][1] == prints[1][1]
    assert digest_of(None, resources) == digest_of(None, resources)


def test_the_folder_of_personas_is_no_part_of_what_is_published() -> None:
    config = TasksConfig.model_validate({"augment": {"personas": "/srv/secret/people"}})
    assert config.model_dump(mode="json")["augment"]["personas"] == "people"
