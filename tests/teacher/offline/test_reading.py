"""A request is read back as the tools and values that were written into it, and as nothing that was not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import NUMBER, TEXT, card, offered, schema

from astra_data.teacher.asks import ServerCard, ToolCard, WriteTask
from astra_data.teacher.offline import tasks
from astra_data.teacher.offline.reading import read, sentences

SERVER = ServerCard(name="shop", title="Shop", description="A shop.")
VERBS = ("create", "delete", "list", "show", "set", "count", "rename")
NOUNS = ("order", "customer", "invoice", "price", "shelf", "letter", "color", "basket")
PARAMETERS = ("name", "file_name", "fileName2", "value", "from_unit", "to_unit", "order", "limit", "is_open", "tags", "x")

texts = st.text(st.characters(exclude_categories=["Cs"]))
awkward = st.sampled_from(
    ['a "quoted" word', "dots. And [brackets] {too}", 'with name "z"', "from the earlier result", "", "\\", "\x00", "12"]
)
scalars = st.one_of(texts, awkward, st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=5
)


def type_of(value: Any) -> dict[str, Any]:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return {"type": kinds[type(value)]}


@st.composite
def wanted_calls(draw: st.DrawFn) -> tuple[list[ToolCard], list[tuple[ToolCard, dict[str, Any]]]]:
    """A server's tools, all of them different, and calls to some of them."""
    what = draw(
        st.lists(
            st.tuples(st.sampled_from(VERBS), st.lists(st.sampled_from(NOUNS), min_size=1, max_size=3, unique=True).map(sorted)),
            min_size=1,
            max_size=6,
            unique_by=lambda pair: (pair[0], *pair[1]),
        )
    )
    tools, stated = [], {}
    for verb, nouns in what:
        arguments = draw(st.dictionaries(st.sampled_from(PARAMETERS), values, max_size=4))
        name = "_".join([verb, *nouns])
        parameters = schema({parameter: type_of(value) for parameter, value in arguments.items()}, note=TEXT)
        tools.append(card(name, f"{verb.title()}s the {' and '.join(nouns)}. Done at once.", parameters))
        stated[name] = arguments
    chosen = draw(st.lists(st.sampled_from(tools), min_size=1, max_size=4))
    return tools, [(tool, stated[tool.name]) for tool in chosen]


@settings(deadline=None)
@given(wanted_calls())
def test_what_is_written_is_read_back_exactly(case: tuple[list[ToolCard], list[tuple[ToolCard, dict[str, Any]]]]) -> None:
    tools, wanted = case
    facts = {f"{tool.name}.{name}": [value] for tool, arguments in wanted for name, value in arguments.items()}
    ask = WriteTask(server=SERVER, tools=[tool for tool, _ in wanted], ordered=False, facts=facts, optional={}, seed="0")
    written = tasks.write(ask, 0)
    steps = read(written.text, offered(*tools))
    assert [(step.tool, step.arguments, step.from_earlier) for step in steps] == [
        (tool.name, arguments, ()) for tool, arguments in wanted
    ]
    assert [list(step.arguments) for step in steps] == [list(arguments) for _, arguments in wanted], "in the schema's order"


UNITS = {"type": "string", "enum": ["m", "mile", "meter", "sea mile"]}
CONVERT = card(
    "convert_length", "Converts a length between units.", schema({"value": NUMBER, "from_unit": UNITS, "to_unit": UNITS})
)
RENAME = card("rename_file", "Renames a file.", schema({"path": TEXT, "new_name": TEXT}, code=TEXT))
DELETE = card("delete_file", "Deletes a file.", schema({"path": TEXT}))
SHOW = card("show_file", "Shows a file. Reads and displays what is in it.", schema({"path": TEXT}))
TOOLS = offered(CONVERT, RENAME, DELETE, SHOW)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('Convert the length with value 12.5, from unit "mile" and to unit "meter".', (12.5, "mile", "meter")),
        ("Convert the length with value 3, from unit mile and to unit meter.", (3, "mile", "meter")),
        ("convert the length with value: -7 and from unit = sea mile, to unit is m", (-7, "sea mile", "m")),
        ('Please convert the length with to unit "m", from unit "mile" and value 1e3.', (1000.0, "mile", "m")),
    ],
)
def test_values_edited_by_hand_are_followed(text: str, arguments: tuple[Any, ...]) -> None:
    (step,) = read(text, TOOLS)
    assert (step.tool, step.arguments) == ("convert_length", dict(zip(("value", "from_unit", "to_unit"), arguments, strict=True)))


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("Rename the file with path a.txt and new name b.txt.", {"path": "a.txt", "new_name": "b.txt"}),
        ("Rename the file with path 'my notes' and new name is notes", {"path": "my notes", "new_name": "notes"}),
        ("Rename the file with path 2024 and new name 2025.", {"path": "2024", "new_name": "2025"}),
        ('Rename the file with path "a. Then, b" and new name "[c]".', {"path": "a. Then, b", "new_name": "[c]"}),
    ],
)
def test_texts_need_no_quotes_where_they_look_like_values(text: str, arguments: dict[str, str]) -> None:
    (step,) = read(text, TOOLS)
    assert (step.tool, step.arguments) == ("rename_file", arguments)


@pytest.mark.parametrize(
    "text",
    [
        "Show the file.",
        "Rename the file with path and new name.",
        "Convert the length with value NaN, from unit mile and to unit meter.",
        "Convert the length with value 3, from unit milestone and to unit meter.",
        'Rename the file with path "\\ud800" and new name "b".',
        "Rename the file, whatever the path's new name.",
    ],
)
def test_a_sentence_that_lacks_a_value_calls_nothing(text: str) -> None:
    assert [step.tool for step in read(text, TOOLS)] == [None]


def test_a_tool_that_is_gone_is_not_replaced_by_another() -> None:
    text = 'First, delete the file with path "a". Then, show the file with path "b".'
    assert [step.tool for step in read(text, TOOLS)] == ["delete_file", "show_file"]
    steps = read(text, offered(CONVERT, RENAME, SHOW))
    assert [step.tool for step in steps] == [None, "show_file"]
    assert steps[0].request == 'delete the file with path "a"'
    assert [step.tool for step in read(text, [])] == [None, None]


def test_a_tool_that_changes_things_is_meant_only_by_its_own_verb() -> None:
    get = card("get_history", "Gets the history of all operations.")
    clear = card("clear_history", "Clears the history of all operations.")
    assert [step.tool for step in read("Get the history of all operations.", offered(get, clear))] == ["get_history"]
    assert [step.tool for step in read("Get the history of all operations.", offered(clear))] == [None]
    assert [step.tool for step in read("Clear the history of all operations.", offered(clear))] == ["clear_history"]


def test_of_two_tools_that_fit_the_one_is_meant_whose_first_sentence_says_it() -> None:
    merge = card("merge_request", "Merge a request. Applies the changes of the request.", schema({"id": NUMBER}))
    changes = card("request_changes", "Get the changes of a request.", schema({"id": NUMBER}))
    for tools in (offered(merge, changes), offered(changes, merge)):
        assert [step.tool for step in read("Get the changes of the request with id 4.", tools)] == ["request_changes"]


def test_a_value_may_come_from_an_earlier_result() -> None:
    (step,) = read("Rename the file with path from the earlier result and new name b.txt.", TOOLS)
    assert (step.arguments, step.from_earlier) == ({"new_name": "b.txt"}, ("path",))


def test_the_longest_label_takes_its_value_first() -> None:
    tool = card("copy", "Copies a sheet.", schema({"name": TEXT, "new_name": TEXT, "new_sheet_name": TEXT}))
    (step,) = read('Copy the sheet with new sheet name "c", new name "b" and name "a".', offered(tool))
    assert step.arguments == {"name": "a", "new_name": "b", "new_sheet_name": "c"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("First, do this. Then do that! Finally, ask?", ["do this", "do that", "ask"]),
        ("Version 1.2 is out\nsend it", ["Version 1.2 is out", "send it"]),
        ('say "a. b" {"c. d": [1. ]}. go', ['say "a. b" {"c. d": [1', "]}", "go"]),
        ("\n . \n", []),
    ],
)
def test_sentences_end_where_a_person_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
