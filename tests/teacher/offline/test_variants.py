"""Rules vary a task by its values alone, join tasks by their sentences, find what is stated, and abstain from the rest."""

import asyncio
from typing import Any

import pytest
from scripted import NUMBER, TEXT, card, schema

from astra_data.teacher.asks import ServerCard, ToolCard, WriteTask
from astra_data.teacher.offline import tasks, variants
from astra_data.teacher.offline.reading import read
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.task_asks import (
    JUDGE_TASK,
    JUDGE_TASK_RELEASED,
    AugmentTask,
    CheckCoverage,
    CheckIntent,
    JoinTasks,
    JudgeTask,
    Needed,
)
from astra_data.teacher.teacher import Abstained

SERVER = ServerCard(name="lab", title="Lab", description="A lab.")
UNIT = {"type": "string", "enum": ["mile", "meter", "foot"]}
CONVERT = card("convert_length", "Converts the length of a thing.", schema({"value": NUMBER, "to_unit": UNIT}))
STORE = card("store_number", "Stores a number on a shelf.", schema({"number": NUMBER, "shelf": TEXT}))
OPEN = card("open_ticket", "Opens a ticket.", returns=schema({"ticket_id": TEXT}))
SHOW = card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT}))
FACTS: dict[str, list[Any]] = {"shelf": ["A", "B", "C. D"], "number": [1, 2, 3]}


def written(*tools: ToolCard, seed: str = "7") -> str:
    return tasks.write(WriteTask(server=SERVER, tools=list(tools), ordered=True, facts=FACTS, optional={}, seed=seed), 0).text


def asked(text: str, *tools: ToolCard, mode: Any = "diverse", facts: dict[str, list[Any]] | None = None) -> AugmentTask:
    given = FACTS if facts is None else facts
    return AugmentTask(mode=mode, text=text, server=SERVER, tools=list(tools), persona=None, facts=given, optional={}, seed="7/0")


def calls(text: str, *tools: ToolCard) -> list[tuple[str | None, dict[str, Any], tuple[str, ...]]]:
    offered = [{"type": "function", "function": tool.model_dump()} for tool in tools]
    return [(step.tool, step.arguments, step.from_earlier) for step in read(text, offered)]


def test_a_diverse_variant_wants_the_same_of_other_values() -> None:
    text = written(CONVERT, STORE)
    variant = variants.augment(asked(text, CONVERT, STORE), 0).text
    assert variant != text
    before, after = calls(text, CONVERT, STORE), calls(variant, CONVERT, STORE)
    assert [tool for tool, _, _ in before] == [tool for tool, _, _ in after] == ["convert_length", "store_number"]
    assert [arguments for _, arguments, _ in before] != [arguments for _, arguments, _ in after]
    assert variants.augment(asked(text, CONVERT, STORE), 0).text == variant


def test_where_there_are_no_other_values_there_is_no_variant() -> None:
    with pytest.raises(Abstained, match="no other values are known"):
        variants.augment(asked(written(OPEN), OPEN), 0)
    with pytest.raises(Abstained, match=r"store_number\.shelf"):
        variants.augment(asked("Store it.", STORE, facts={}), 0)


@pytest.mark.parametrize("mode", ["complicate", "persona"])
def test_rules_tell_no_story(mode: str) -> None:
    with pytest.raises(Abstained, match=f"rules write no {mode} variant"):
        variants.augment(asked(written(CONVERT), CONVERT, mode=mode), 0)


def test_joined_tasks_are_read_as_the_steps_of_all_of_them() -> None:
    first, second, third = written(STORE), written(OPEN, SHOW), written(CONVERT)
    tools = [STORE, OPEN, SHOW, CONVERT]
    text = variants.join(JoinTasks(server=SERVER, tools=tools, texts=[first, second, third]), 0).text
    assert calls(text, *tools) == [step for part in (first, second, third) for step in calls(part, *tools)]
    assert text.count("First, ") == text.count("Finally, ") == 1
    assert text.count("Then, ") == 2


def needed(*pairs: tuple[ToolCard, str]) -> list[Needed]:
    return [Needed(tool=tool.name, parameter=parameter, description="") for tool, parameter in pairs]


def test_what_a_text_states_is_quoted_from_it() -> None:
    wanted = needed((CONVERT, "value"), (CONVERT, "to_unit"), (STORE, "shelf"))
    for seed in range(20):
        text = written(CONVERT, STORE, seed=str(seed))
        inputs = CheckCoverage(text=text, tools=[CONVERT, STORE], needed=wanted)
        found = variants.coverage(inputs, 0).stated
        assert [item.parameter for item in found] == ["value", "to_unit", "shelf"]
        assert all(item.quote and item.quote in text for item in found)


@pytest.mark.parametrize("text", ["Convert the length of a thing, would you?", "Turn 3 miles into meters."])
def test_what_is_not_found_may_still_be_there(text: str) -> None:
    with pytest.raises(Abstained, match=r"no rule finds a value for convert_length\.value"):
        variants.coverage(CheckCoverage(text=text, tools=[CONVERT], needed=needed((CONVERT, "value"))), 0)


def test_texts_that_are_read_as_the_same_tools_want_the_same_and_of_others_nothing_is_said() -> None:
    one, other = written(CONVERT, STORE), written(CONVERT, STORE, seed="8")
    tools = [CONVERT, STORE]
    assert variants.intent(CheckIntent(mode="diverse", original=one, variant=other, tools=tools), 0).same is True
    for variant in (written(STORE, CONVERT), written(CONVERT), "Feed the cat."):
        with pytest.raises(Abstained, match="no rule tells"):
            variants.intent(CheckIntent(mode="diverse", original=one, variant=variant, tools=tools), 0)


def test_rules_rate_no_task() -> None:
    inputs = JudgeTask(server=SERVER, tools=[], text="Do it.", target_tools=["convert_length"])
    for ask in (JUDGE_TASK, JUDGE_TASK_RELEASED):
        with pytest.raises(Abstained, match="no rule rates a task"):
            asyncio.run(OfflineTeacher().answer(ask, inputs))
