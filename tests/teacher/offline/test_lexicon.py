"""How tool descriptions become requests, and what kind of action a name speaks of."""

import pytest

from astra_data.teacher.offline.lexicon import END_VERBS, VERBS, Stage, imperative, label, stage_of, stem, tokens


@pytest.mark.parametrize(
    ("description", "name", "request_"),
    [
        ("Shows the working tree status. Read-only.", "git_status", "show the working tree status"),
        ("Creates a new branch (from HEAD by default)", "create_branch", "create a new branch"),
        ("Deletes the rows", "delete_rows", "delete the rows"),
        ("Permanently delete a website.", "delete_website", "delete a website"),
        ("[BETA] Deploy an archive", "deploy", "deploy an archive"),
        ("The current exchange rates", "rates", "get the current exchange rates"),
        ("HTML source of a page", "page_source", "get HTML source of a page"),
        ("Git: Show the commit history. More.", "git_log", "Show the commit history".lower()),
        ("Braises the onions", "braise", "braise the onions"),
        ("Line\nbreaks  and   spaces", "text", "get line breaks and spaces"),
        ("List all tables; cheap", "list_tables", "list all tables"),
        ("Processes an order", "process_order", "process an order"),
        ("Fixes a typo", "fix_typo", "fix a typo"),
        ("", "nothing", "get "),
    ],
)
def test_a_description_becomes_a_request(description: str, name: str, request_: str) -> None:
    assert imperative(description, name) == request_


def test_a_request_is_its_own_request() -> None:
    for verb in sorted(VERBS):
        assert imperative(f"{verb} the thing") == f"{verb} the thing"


@pytest.mark.parametrize(
    ("tool", "stage"),
    [
        ("createWorkbook", Stage.CREATE),
        ("git_clone", Stage.CREATE),
        ("write_file", Stage.CHANGE),
        ("agency-hosting_uninstallSSL", Stage.CHANGE),
        ("get_last_update", Stage.READ),
        ("git_log", Stage.READ),
        ("x", Stage.READ),
    ],
)
def test_the_first_verb_of_a_name_says_what_kind_of_action_it_is(tool: str, stage: Stage) -> None:
    assert stage_of(tool) is stage


def test_every_verb_has_one_kind() -> None:
    assert {verb for verb in VERBS if stage_of(verb) is not Stage.READ} >= END_VERBS
    for verb in END_VERBS:
        assert stage_of(verb) is Stage.CHANGE


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("branches", "branch"),
        ("queries", "query"),
        ("boxes", "box"),
        ("status", "status"),
        ("access", "access"),
        ("is", "is"),
        ("tables", "table"),
        ("gas", "gas"),
    ],
)
def test_forms_of_a_word_meet_and_words_do_not(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


def test_tokens_hold_what_carries_meaning() -> None:
    assert tokens("Get the lists of the 3 Branches with it") == {"list", "3", "branch"}


def test_a_parameter_is_said_in_words() -> None:
    assert [label(name) for name in ("from_unit", "fileAbsolutePath", "x", "größe!", "数")] == [
        "from unit",
        "file absolute path",
        "x",
        "gr e",
        "数",
    ]
