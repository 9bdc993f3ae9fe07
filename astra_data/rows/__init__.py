"""The row types, one module per dataset, and what is derived from them.

    >>> from astra_data.rows import ROW_TYPES, new_row
    >>> ROW_TYPES["tasks"].__name__
    'Task'
"""

from typing import Any

from astra_data.rows.arenas import Arena
from astra_data.rows.canonical import canonical, content_id, digest
from astra_data.rows.chains import Chain
from astra_data.rows.checks import check, unstorable
from astra_data.rows.environments import Environment
from astra_data.rows.fit import identity
from astra_data.rows.questions import Question
from astra_data.rows.schema import Row, features, fields, from_dict, to_dict, with_floats
from astra_data.rows.sft import SftRow
from astra_data.rows.tasks import Task
from astra_data.rows.tools import Server
from astra_data.rows.trajectories import Trajectory

ROW_TYPES: dict[str, type] = {
    "tools": Server, "chains": Chain, "tasks": Task, "trajectories": Trajectory, "sft": SftRow,
    "questions": Question, "environments": Environment, "arenas": Arena,
}
"""Dataset kind -> row type."""


def new_row(row_type: Any, **values: Any) -> Any:
    """A row object with its `id` computed from its identity fields. Raises `DataError` naming a field that cannot be stored."""
    unfinished = to_dict(row_type(id="", **values))
    try:
        return row_type(id=identity(row_type, unfinished), **values)
    except TypeError as error:
        raise unstorable(unfinished, file=row_type.__name__) from error


__all__ = [
    "ROW_TYPES",
    "Arena",
    "Chain",
    "Environment",
    "Question",
    "Row",
    "Server",
    "SftRow",
    "Task",
    "Trajectory",
    "canonical",
    "check",
    "content_id",
    "digest",
    "features",
    "fields",
    "from_dict",
    "identity",
    "new_row",
    "to_dict",
    "with_floats",
]
