"""A stranger's chat template is bounded in time and memory, and a sound one renders as in this process."""

import time
from pathlib import Path
from typing import Any

import pytest
from small_tokenizers import PLAIN
from small_training import TOOL, conversation, sft_version, tokenizer, write_model
from training.conftest import Recipes  # type: ignore[import-not-found]
from trl.chat_template_utils import qwen3_instruct_2507_chat_template, qwen3_template

from astra_data import templates
from astra_data.errors import DataError
from astra_data.evaluate.local import LocalPolicy
from astra_data.hub.store import Store
from astra_data.training.data import choose, tokenise
from astra_data.training.model import load_tokenizer
from astra_data.training.rendering import renderer_of

GREEDY: dict[str, str] = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "loops that call nothing": "{% set r = range(99999) | list %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
    "a macro that calls itself": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "a text times a number": "{{ ('word' * 9999999999) | length }}",
    "a list times a number": "{{ ([1] * 9999999999) | length }}",
    "a width": "{{ '%9999999999d' % 1 }}",
    "room to the left": "{{ 'x' | center(99999999999) }}",
    "a text that doubles": "{% set n = namespace(t='x' * 1000) %}{% for a in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
    "a number that grows": "{% set n = namespace(v=9) %}{% for a in range(9) %}{% set n.v = n.v ** 99 %}{% endfor %}",
    "much to write": "{% for a in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
    "loops over a list": "{% for a in messages * 9999 %}{% for b in messages * 9999 %}{% endfor %}{% endfor %}",
    "a list that doubles": "{% set n = namespace(t=[1]) %}{% for a in range(60) %}{% set n.t = n.t + n.t %}{% endfor %}",
}
LONG: dict[str, str] = {
    "a text of two million letters": "{{ 'ab ' * 700000 }}",
    "the messages over and over": "{% for a in range(99999) %}{% for m in messages %}{{ m.content }}{% endfor %}{% endfor %}",
}
SAID = "the chat template takes more than 3 seconds or 1024 MB for one conversation"


def render(template: str, **values: Any) -> templates.Rendering:
    return templates.render(template, conversation("lamp", 3), [TOOL], tokenizer().special_tokens_map, **values)


@pytest.mark.parametrize("case", GREEDY)
def test_a_template_that_takes_too_much_is_ended_and_the_next_is_rendered(case: str) -> None:
    before = time.process_time()
    with pytest.raises(DataError, match=f"{SAID}|makes more than") as error:
        render(GREEDY[case])
    assert error.value.mend and time.process_time() - before < 2, "the time is that of another process"
    assert render("{{ messages[0].content }}").text == "What does the lamp cost?"


@pytest.mark.parametrize("case", LONG)
def test_a_template_that_makes_much_more_than_it_is_given_is_told_before_it_is_tokenised(case: str) -> None:
    with pytest.raises(templates.TooMuchError, match="makes more than 1,048,576 characters of one conversation") as error:
        render(LONG[case])
    assert error.value.mend


def test_a_long_conversation_may_be_as_long_as_it_is() -> None:
    talk = [{"role": "user", "content": "word " * 400_000}]
    assert len(templates.render("{{ messages[0].content * 3 }}", talk, None, {}).text) == 6_000_000


def test_results_of_tools_that_take_too_much_are_withheld() -> None:
    greedy = "{% for m in messages %}{% if m.role == 'tool' and 'now' in m.content %}" + GREEDY["a text that doubles"]
    renderer = renderer_of(tokenizer(PLAIN + greedy + "{% endif %}{% endfor %}"))
    fine, broken = renderer.told([{"role": "tool", "name": "look", "content": "later"}])
    told, withheld = renderer.told([{"role": "tool", "name": "look", "content": "now"}])
    assert (broken, withheld) == (False, True)
    assert "the result cannot be shown" in renderer.tokenizer.decode(told) and "later" in renderer.tokenizer.decode(fine)


@pytest.mark.parametrize("case", ["loops over a list", "a list that doubles"])
def test_a_row_that_takes_too_much_is_named(case: str, work: Path, recipe: Recipes) -> None:
    store = Store.open(work / "hub")
    sft_version(store, name="greedy-sft", count=3)
    template = PLAIN + "{% for m in messages if 'chair' in m.content %}" + GREEDY[case] + "{% endfor %}"
    chosen = choose(recipe("--data.train", "greedy-sft"), "greedy-sft", None, "sft", store.root)
    with pytest.raises(DataError, match=r"row 2, field messages: the chat template takes more than 3 seconds") as error:
        tokenise(chosen, tokenizer(), template)
    assert error.value.mend


@pytest.mark.parametrize("case", ["loops in loops", "a text that doubles"])
def test_a_template_that_takes_too_much_only_of_some_rows_is_ended_at_those(case: str) -> None:
    renderer = renderer_of(tokenizer("{% for m in messages %}{{ m.content }}<|im_end|>{% if 'now' in m.content %}" + GREEDY[case]
                                     + "{% endif %}{% endfor %}"))
    assert renderer.render([{"role": "user", "content": "later"}]).ids
    with pytest.raises(DataError, match=SAID):
        renderer.render([{"role": "user", "content": "now"}])


def test_what_a_foreign_template_renders_is_what_it_renders_here(monkeypatch: pytest.MonkeyPatch) -> None:
    there = render(PLAIN, spans=True, opened=True)
    monkeypatch.setattr(templates, "known", lambda: frozenset([PLAIN]))
    assert render(PLAIN, spans=True, opened=True) == there
    assert len(there.spans) == 2 and there.text[slice(*there.spans[1])].startswith("The lamp is 3.")


@pytest.mark.parametrize(("template", "kind", "said"), [
    ("{{ raise_exception('no tools here') }}", "TemplateError", "no tools here"),
    ("{{ messages[0].nothing.at_all }}", "TemplateError", "no attribute"),
    ("{{ messages[0].content + 1 }}", "TypeError", "concatenate"),
    ("{% for a in range(10**12) %}{% endfor %}", "TemplateError", "Range too big"),
    ("{% if %}", "TemplateError", "Expected an expression"),
    ("{{ ''.__class__.__mro__ }}", "TemplateError", "unsafe|undefined|access to attribute"),
])
def test_errors_of_a_foreign_template_are_its_errors(template: str, kind: str, said: str) -> None:
    with pytest.raises(Exception, match=said) as error:
        render(template)
    assert type(error.value).__name__ == kind


def test_templates_of_trl_are_rendered_here_without_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "_child", None)
    assert "<tool_call>" in render(qwen3_instruct_2507_chat_template).text


@pytest.mark.parametrize("case", ["a text that doubles", "a width"])
def test_a_model_whose_template_takes_too_much_is_not_loaded(recipe: Recipes, tmp_path: Path, case: str) -> None:
    folder = write_model(tmp_path / "strange", GREEDY[case])
    with pytest.raises(DataError, match=SAID):
        load_tokenizer(recipe("--model.name", str(folder), "--model.template", "own"))
    with pytest.raises(DataError, match=SAID):
        LocalPolicy.load(folder, "strange", 0.0, 4, 7, 4)


@pytest.mark.parametrize("pattern", ["(a+)+b", r"(?:\w|\d)*x", r"(\s*\S*){3,}"])
def test_patterns_with_repeated_groups_do_not_say_how_calls_are_read(tmp_path: Path, pattern: str) -> None:
    words = tokenizer("{{ messages }}")
    words.response_template = qwen3_template | {"fields": {"content": {"close_pattern": pattern, "content": "text"}}}
    with pytest.raises(DataError, match="patterns with repeated groups"):
        templates.check(words)
    words.response_template = qwen3_template | {"fields": {"content": {"close_pattern": r"</?a>\s*", "content": "text"}}}
    templates.check(words)
