"""The id of a row depends on its identity fields and on nothing else."""

from typing import Any

import pytest
from any_rows import rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astra_data.rows import ROW_TYPES, fields, from_dict, identity, new_row

every_kind = pytest.mark.parametrize("row_type", ROW_TYPES.values(), ids=ROW_TYPES)
quick = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields(type(row)) if name != "id"}


@every_kind
@quick
@given(data=st.data())
def test_the_id_changes_with_the_identity_fields_alone(row_type: Any, data: Any) -> None:
    one = values(from_dict(row_type, data.draw(rows_of(row_type))))
    other = values(from_dict(row_type, data.draw(rows_of(row_type))))
    first = new_row(row_type, **one)
    for name in one:
        changed = new_row(row_type, **one | {name: other[name]})
        same = name not in row_type.IDENTITY or changed == first
        assert (changed.id == first.id) is same, name


@every_kind
@quick
@given(data=st.data())
def test_a_stored_row_says_its_own_id(row_type: Any, data: Any) -> None:
    row = data.draw(rows_of(row_type))
    object_ = new_row(row_type, **values(from_dict(row_type, row)))
    assert object_.id == identity(row_type, row)
    assert len(object_.id) == 16


@every_kind
def test_identity_fields_are_fields(row_type: Any) -> None:
    assert set(row_type.IDENTITY) <= set(fields(row_type)) - {"id"}
