"""Equal documentation is equal text, whatever the tool is called and in whatever order it is written."""

from astra_data.stages.distractors.documents import document

SCHEMA = {
    "name": "book",
    "description": "Books  a\nroom.",
    "parameters": {"type": "object", "properties": {
        "room": {"type": "string", "description": "Which one."},
        "guest": {"type": "object", "description": "Who.", "properties": {
            "age": {"type": ["integer", "null"], "description": "Years."},
        }},
        "days": {"type": "array", "items": {"properties": {"date": {"type": "string"}}}},
        "any": {},
    }},
}


def test_a_document_has_the_description_and_every_argument() -> None:
    assert document(SCHEMA) == (
        "Books a room.\nany (any)\ndays (array)\ndays.date (string)\nguest (object): Who.\n"
        "guest.age (integer or null): Years.\nroom (string): Which one."
    )


def test_name_and_order_do_not_show() -> None:
    properties = dict(reversed(SCHEMA["parameters"]["properties"].items()))  # type: ignore[index]
    assert document({**SCHEMA, "name": "other", "parameters": {"properties": properties}}) == document(SCHEMA)


def test_a_tool_without_arguments_or_words_is_an_empty_document() -> None:
    assert document({"name": "f"}) == document({"name": "f", "description": None, "parameters": None}) == ""
