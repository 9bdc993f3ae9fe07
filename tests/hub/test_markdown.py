"""A text from data is words wherever a page prints it, and the head of a page is YAML that reads back."""

import pytest
import yaml
from hostile_texts import MARKDOWN, TERMINAL, UNSEEN
from hypothesis import given
from hypothesis import strategies as st
from rendered import rendered

from astra_data.hub.markdown import code, fenced, front_matter, listed, quoted, templates, told

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from([*MARKDOWN.values(), *TERMINAL.values()])
MARKUP = st.text(st.sampled_from("`*_[]()<>|\\~$#-+=!&{}:.@/w 1a\n\t"), max_size=30)
PLACES = {
    "paragraph": "Before {} after.\n",
    "start of a line": "{}: after\n",
    "alone": "Before.\n\n{}\n\nAfter.\n",
    "heading": "# {}\n\nAfter.\n",
    "cell": "| a | b |\n| --- | --- |\n| {} | c |\n| d | e |\n",
    "item": "- {}\n- b\n",
}


def same_words(written: str, plain: str) -> None:
    """In every place of a page the text is words as `plain` is, and nothing of the page is otherwise."""
    for place in PLACES.values():
        page, wanted = rendered(place.format(written)), rendered(place.format(plain))
        assert page.active == []
        assert page.shape == wanted.shape
        assert not any(UNSEEN.search(text) for text in page.texts)


@given(TEXTS | MARKUP)
def test_a_text_is_words_in_every_place_of_a_page(text: str) -> None:
    if text.strip():
        same_words(told(text), "plain")
        same_words(code(text), "`plain`")
    assert "\n" not in told(text) + code(text)


@pytest.mark.parametrize("kind", [*MARKDOWN, *TERMINAL])
def test_each_hostile_text_is_words_or_a_block_of_code(kind: str) -> None:
    text = (MARKDOWN | TERMINAL)[kind]
    if text.strip():
        same_words(told(text), "plain")
        same_words(code(text), "`plain`")
    block = rendered(f"Before.\n\n{fenced(text)}\n\nAfter.\n")
    assert (block.active, block.shape) == ([], rendered("Before.\n\n```\nplain\n```\n\nAfter.\n").shape)
    assert rendered(f"{front_matter({'license': text, text: [text]})}\n\n# Title\n").head == {"license": text, text: [text]}


@given(TEXTS | MARKUP)
def test_what_a_reader_sees_is_the_text(text: str) -> None:
    """With spaces for line breaks, and numbers for what nobody sees and for a bar inside code."""
    line = " ".join(text.split())
    if line and len(line) < 300 and not UNSEEN.search(line):
        assert "".join(rendered(f"x {told(text)} x").texts) in (f"x {line} x", f"x {line.replace('|', chr(92) + 'x7c')} x")


@given(TEXTS | MARKUP)
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    page = rendered(f"Before.\n\n{fenced(text)}\n\nAfter.\n")
    assert page.shape == rendered("Before.\n\n```\nplain\n```\n\nAfter.\n").shape
    assert page.active == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("too vague | too short", r"too vague \| too short"),
        ("answer: does not fit steps[].depends_on - missing (2)", r"answer: does not fit steps\[\].depends_on - missing (2)"),
        ("apache-2.0", "apache-2.0"),
        ("-0.5 < x", r"\-0.5 &lt; x"),
        ("1. first", r"1\. first"),
        ("2.5 of 3", "2.5 of 3"),
        ("org/some_model-7B", "org/some_model-7B"),
        ("_x_ and snake_case", r"\_x\_ and snake_case"),
        ("see https://a.example", "`see https://a.example`"),
        ("a\x1b[31m\u202e", r"a\\x1b\[31m\\u202e"),
        ("", ""),
        (7, "7"),
    ],
)
def test_sound_texts_stay_as_they_are(text: object, shown: str) -> None:
    assert told(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("org/a@1f0e", "`org/a@1f0e`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("```x", "```` ```x ````"), ("a|b", r"`a\x7cb`"),
        ("", ""),
    ],
)
def test_code_has_as_many_ticks_as_it_needs(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_long_text_is_cut() -> None:
    assert len(told("[" * 10_000)) < 1_000 and told("x" * 500).endswith("x ...")


def test_a_list_is_sorted_and_a_literal_is_one_of_python() -> None:
    assert listed(["MIT", "<b>", "Apache-2.0"]) == "&lt;b>, Apache-2.0, MIT"
    assert quoted('a"b\n') == r'"a\"b\n"'


@given(st.dictionaries(TEXTS, st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3), max_leaves=4), min_size=1))
def test_a_head_is_read_back_as_it_was_and_ends_where_it_should(head: dict[str, object]) -> None:
    text = front_matter(head)
    assert not UNSEEN.search(text)
    assert yaml.safe_load(text.removeprefix("---\n").removesuffix("---")) == head
    assert rendered(f"{text}\n\n# Title\n\nlicense: evil\n").head == head
    assert [line for line in text.split("\n") if line.startswith(("---", "..."))] == ["---", "---"]


@pytest.mark.parametrize(
    "printed", ["{{ text }}", "{{ text | upper }}", "{{ text ~ (text | told) }}", "{{ 'x' }}", "{{ none }}", "{{ true }}"]
)
def test_a_page_that_prints_a_text_as_it_is_is_refused(printed: str) -> None:
    with pytest.raises(TypeError, match="as it is"):
        templates().from_string(printed).render(text="<b>")


def test_a_page_prints_numbers_and_what_was_made_safe() -> None:
    page = templates().from_string("{{ 7 }} {{ 0.5 }} {{ text | told }} {{ text | code }}")
    assert page.render(text="{{ 7 * 7 }}<b>") == r"7 0.5 \{\{ 7 \* 7 }}&lt;b> `{{ 7 * 7 }}<b>`"
