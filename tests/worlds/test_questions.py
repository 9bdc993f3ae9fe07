"""Questions are exact, of the form that was wanted, the same for the same seed, and tell no answer."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.samples import question, wanted

from astra_data.errors import UsageError
from astra_data.rows import Question, check, digest, to_dict
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, Wanted, compose
from astra_data.worlds.programs import references_of, run
from astra_data.worlds.telling import stands

NUMBERS = st.integers(0, 10**9)


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_answers_are_what_the_programs_give_on_the_tables(number: int) -> None:
    asked = question(number)
    tables, answers = asked.knowledge["tables"], {}
    for node in asked.nodes:
        answers[node.id] = run(node.program, tables, answers)
        assert answers[node.id] == node.answer
        for table, rows in (node.effect or {}).items():
            assert all(tables[table][key].items() >= row.items() for key, row in rows.items())
    assert asked.answer == (list(answers.values()) if asked.scenario == "parallel_single_hop" else node.answer)


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_a_question_is_a_row_of_the_form_that_was_wanted(number: int) -> None:
    form, asked = wanted(number), question(number)
    check(Question, to_dict(asked), file="question")
    assert (asked.domain, asked.language, asked.scenario, asked.hops) == (form.domain, form.language, form.scenario, form.hops)
    levels = [node.level for node in asked.nodes]
    assert max(levels) == form.hops
    assert asked.knowledge["writes"] == form.writes == any(node.effect for node in asked.nodes)
    if form.scenario == "single_hop":
        assert levels == [1]
    if form.scenario == "parallel_single_hop":
        assert set(levels) == {1} and len(levels) > 1
    if form.scenario == "multi_hop":
        assert levels == list(range(1, form.hops + 1))
    if form.scenario == "parallel_multi_hop" and not form.writes:
        assert len(levels) > form.hops


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_every_dependency_is_used_and_lies_below(number: int) -> None:
    asked = question(number)
    levels = {node.id: node.level for node in asked.nodes}
    for node in asked.nodes:
        assert node.level == 1 + max((levels[before] for before in node.depends_on), default=0)
        assert set(references_of(node.program)) <= set(node.depends_on)
    leaves = levels.keys() - {before for node in asked.nodes for before in node.depends_on}
    assert asked.scenario == "parallel_single_hop" or leaves == {asked.nodes[-1].id}


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_no_answer_stands_in_a_request_and_no_two_nodes_share_one(number: int) -> None:
    asked = question(number)
    read = [node for node in asked.nodes if not node.effect]
    for node in read:
        for answer in node.answer if isinstance(node.answer, list) else [node.answer]:
            assert not stands(str(answer), asked.question)
            assert not stands(str(answer), node.question)
    assert len({digest(node.answer) for node in read}) == len(read)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_domain_has_its_noun_in_every_language(domain: str, language: str) -> None:
    wording = LANGUAGES[language]
    for table in DOMAINS[domain].tables:
        for word in (table.entity, *(column.name for column in table.columns)):
            forms = wording.noun(word, DOMAINS[domain]).forms
            assert tuple(forms) == wording.cases
            assert language == "en" or word in wording.nouns, word


@pytest.mark.parametrize("hops", [2, 12, 20])
@pytest.mark.parametrize("scenario", ["multi_hop", "parallel_multi_hop"])
def test_up_to_twenty_hops_are_found_in_every_domain(scenario: str, hops: int) -> None:
    for domain in DOMAINS:
        assert compose(Wanted(domain, scenario=scenario, hops=hops), "deep").hops == hops


def test_other_processes_and_hash_seeds_make_the_same_questions() -> None:
    code = "from worlds.samples import question; from astra_data.rows import digest, to_dict; " \
        "print([digest(to_dict(question(number))) for number in range(6)])"
    runs = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert runs == {f"{[digest(to_dict(question(number))) for number in range(6)]}\n"}


def test_all_scenarios_in_all_languages_are_drawn() -> None:
    drawn = {(wanted(number).scenario, wanted(number).language) for number in range(200)}
    assert drawn == {(scenario, language) for scenario in SCENARIOS for language in LANGUAGES}


@pytest.mark.parametrize(("asked", "said"), [
    (Wanted("shops"), "no domain 'shops'"),
    (Wanted("shop", language="xx"), "no language 'xx'"),
    (Wanted("shop", scenario="many"), "no scenario 'many'"),
    (Wanted("shop", hops=21), "2 to 20 hops, not 21"),
    (Wanted("shop", scenario="single_hop", hops=2), "1 to 1 hops, not 2"),
    (Wanted("shop", scenario="single_hop", hops=1, writes=True), "no place for writes"),
])
def test_what_there_is_not_is_refused(asked: Wanted, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compose(asked, "0")
