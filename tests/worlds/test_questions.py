"""Questions are exact, of the form that was wanted, the same for the same seed, and tell no answer."""

import subprocess
import sys
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.samples import question, wanted

from astra_data.errors import UsageError
from astra_data.messages import JsonObject
from astra_data.rows import Question, check, digest, to_dict
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, Wanted, compose
from astra_data.worlds.domain import Tables
from astra_data.worlds.programs import UNAIDED, ImpossibleError, references_of, run
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
            assert not (node.needs_tool and stands(str(answer), node.question))
    found = [digest(node.answer) for node in read if node.needs_tool]
    assert len(set(found)) == len(found)


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.sampled_from(list(DOMAINS)), st.sampled_from(list(LANGUAGES)), st.integers(3, 6))
def test_what_is_asked_after_a_write_would_be_otherwise_without_it(number: int, domain: str, language: str, hops: int) -> None:
    asked = compose(Wanted(domain, language, "multi_hop", hops, writes=True), f"writes/{number}")
    calm, answers = asked.knowledge["tables"], {node.id: node.answer for node in asked.nodes}
    changes = {node.id for node in asked.nodes if node.effect}
    reads = [node for node in asked.nodes if changes & set(node.depends_on)]
    assert reads and all(_result(node.program, calm, answers) != node.answer for node in reads)
    after = deepcopy(calm)
    for node in asked.nodes:
        run(node.program, after, answers)
    assert all(run(node.program, after, answers) == node.answer for node in asked.nodes if not node.effect)


def _result(program: JsonObject, tables: Tables, answers: JsonObject) -> object:
    try:
        return run(program, tables, answers)
    except ImpossibleError:
        return None


def test_a_last_hop_may_need_no_tool_and_is_the_answer() -> None:
    found = [asked for asked in map(question, range(200)) if not asked.nodes[-1].needs_tool]
    assert {asked.nodes[-1].program["op"] for asked in found} == {"greater", "ordered"} == {*UNAIDED}
    assert {asked.scenario for asked in found} == {"multi_hop", "parallel_multi_hop"}
    for asked in found:
        assert all(node.needs_tool for node in asked.nodes[:-1])
        assert asked.answer == asked.nodes[-1].answer
        given = [asked.nodes[int(node) - 1].answer for node in asked.nodes[-1].depends_on]
        assert asked.answer == (sorted(given) if len(given) > 2 else max(given))


def test_one_question_is_told_in_many_ways_and_templates_are_few() -> None:
    asked = [question(number) for number in range(150)]
    begun = {" ".join(one.question.split()[:2]) for one in asked if one.language == "en" and one.scenario == "single_hop"}
    assert {"What is", "Can you"} <= begun
    assert len({one.template for one in asked}) < 90


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
