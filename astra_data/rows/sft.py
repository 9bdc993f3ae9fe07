"""`sft`: one row is a conversation to train on, self-contained."""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Columns to filter or order a curriculum by: counts of calls, assistant turns and distinct tools.

    `horizon` is the number of tasks that the user's request joins, 1 for most.
    """

    calls: int
    turns: int
    distinct_tools: int
    offered_tools: int
    horizon: int = 1


@dataclass(frozen=True, slots=True)
class SftRow:
    """A conversation in the `messages` and `tools` columns that TRL trains on as they are.

    `split` is `train` or `test`, the same for all rows of a server; of a demonstration it is that of its arena. `tokens` is the
    length under the recipe's tokenizer, null without one.
    """

    IDENTITY: ClassVar = ("trajectory_id",)

    id: str
    trajectory_id: str
    server: str
    messages: list[Json]
    tools: list[Json]
    reward: float
    difficulty: Difficulty
    models: dict[str, str]
    split: str = "train"
    tokens: int | None = None
