"""Tasks state every value that a call needs, and are not written where one is not to be had."""

from typing import Any

import pytest
from scripted import NUMBER, TEXT, card, schema

from astra_data.teacher.asks import ServerCard, ToolCard, WriteTask
from astra_data.teacher.offline.tasks import write
from astra_data.teacher.teacher import Abstained
from astra_data.tools.naming import gives_away

UNIT = {"type": "string", "enum": ["mile", "meter"]}
CONVERT = card(
    "convert_length",
    "Converts the length of a thing (SI units). More.",
    schema({"value": NUMBER, "from_unit": UNIT, "to_unit": UNIT}, digits={"type": "integer", "minimum": 2, "maximum": 2}),
)
STORE = card("store_number", "Stores a number.", schema({"number": NUMBER, "shelf": TEXT}))
OPEN = card("open_ticket", "Opens a ticket.", returns=schema({"ticket_id": TEXT}))
SHOW = card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT}))


def asked(*tools: ToolCard, facts: dict[str, list[Any]] | None = None, seed: str = "7", **optional: list[str]) -> WriteTask:
    server = ServerCard(name="lab", title="Lab", description="A lab.")
    return WriteTask(server=server, tools=list(tools), ordered=True, facts=facts or {}, optional=optional, seed=seed)


def test_a_task_states_every_required_value() -> None:
    written = write(asked(CONVERT, STORE, facts={"shelf": ["B 2"], "value": [3.5], "number": [8]}), 0)
    units = ('from unit "mile" and to unit "meter"', 'from unit "meter" and to unit "mile"')
    assert written.text in {
        f'First, convert the length of a thing with value 3.5, {unit}. Then, store a number with number 8 and shelf "B 2".'
        for unit in units
    }
    assert written.target_tools == ["convert_length", "store_number"]


def test_optional_values_are_stated_where_they_are_asked_for() -> None:
    assert "digits" not in write(asked(CONVERT), 0).text
    assert "and digits 2." in write(asked(CONVERT, convert_length=["digits"]), 0).text


def test_the_same_ask_gives_the_same_task_and_seeds_and_samples_differ() -> None:
    assert write(asked(CONVERT), 1) == write(asked(CONVERT), 1)
    texts = {write(asked(CONVERT, seed=str(seed)), sample).text for seed in range(3) for sample in range(3)}
    assert len(texts) > 5


def test_a_value_that_an_earlier_tool_returns_is_taken_from_it() -> None:
    assert write(asked(OPEN, SHOW), 0).text == "First, open a ticket. Then, show a ticket with ticket id from the earlier result."
    assert '"T-1"' in write(asked(OPEN, SHOW, facts={"ticket_id": ["T-1"]}), 0).text


@pytest.mark.parametrize(
    ("tools", "facts", "reason"),
    [
        ((STORE,), {}, r"no value is known for store_number\.shelf"),
        ((SHOW, OPEN), {}, r"show_ticket\.ticket_id"),
        ((STORE,), {"shelf": ["a"], "number": ["eight"]}, r'store_number\.number: arguments: "eight" is not of type "number"'),
        ((card("log_in", "Logs in.", schema({"password": TEXT})),), {}, r"log_in\.password is a secret"),
    ],
)
def test_a_value_that_is_not_to_be_had_is_not_made_up(
    tools: tuple[ToolCard, ...], facts: dict[str, list[Any]], reason: str
) -> None:
    with pytest.raises(Abstained, match=reason):
        write(asked(*tools, facts=facts), 0)


def test_an_optional_secret_is_left_out_and_a_given_one_is_said() -> None:
    login = card("log_in", "Logs in.", schema(password=TEXT))
    assert "password" not in write(asked(login, log_in=["password"]), 0).text
    assert 'password "open sesame"' in write(asked(login, facts={"password": ["open sesame"]}, log_in=["password"]), 0).text


def test_a_request_does_not_spell_out_the_name_of_its_tool_where_an_article_helps() -> None:
    tool = card("list_orders", "Lists orders of today.")
    text = write(asked(tool), 0).text
    assert text == "List the orders of today."
    assert not gives_away(text, tool.name)
