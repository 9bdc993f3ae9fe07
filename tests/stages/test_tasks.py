"""Tasks along chains and free ones, and each check that a task can fail [A 20.5]."""

from typing import Any

import polars as pl
import pytest
from scripted import TEXT, ScriptedTeacher, card, schema, server

from astra_data.pipeline.stage import Keep, Reject, ServerOptions
from astra_data.rows import Chain, new_row
from astra_data.rows.chains import Walk
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.stages.tasks.selection import NEAR, ORPHAN
from astra_data.teacher.asks import WrittenTask

SERVER = server(
    *[card(name, f"Does {name}.", schema({"text": TEXT})) for name in ("open_ticket", "show_ticket", "close_ticket", "help")]
)
NAMES = [tool.name for tool in SERVER.tools]


def chain(*tools: str, server_id: str = SERVER.id) -> Chain:
    row: Chain = new_row(
        Chain,
        server_id=server_id,
        server="shop",
        tools=list(tools),
        weights=[1],
        evidence=[],
        walk=Walk(7, -1.0),
        verdicts=[],
        models={},
    )
    return row


CHAIN = chain("open_ticket", "show_ticket")


def writing(
    text: str = "Report the rain and look at it.", targets: tuple[str, ...] = ("open_ticket", "show_ticket")
) -> ScriptedTeacher:
    return ScriptedTeacher({"write_task": WrittenTask(text=text, target_tools=list(targets))})


def test_a_task_along_a_chain_keeps_its_chain_and_order(expand: Any) -> None:
    teacher = writing()
    (outcome,) = expand(STAGE, {"tools": [SERVER], "chains": [CHAIN]}, teacher=teacher, per_server=0)
    assert isinstance(outcome, Keep)
    task = outcome.row
    assert (task.kind, task.chain_id, task.server_id, task.target_tools) == ("chain", CHAIN.id, SERVER.id, CHAIN.tools)
    assert (task.language, task.parent_id, task.sub_tasks, task.horizon) == ("en", None, [], 1)
    assert task.models == {"writer": "scripted", "judge": "scripted"}
    (ask,) = teacher.asked("write_task")
    assert ([tool.name for tool in ask.tools], ask.ordered, ask.seed) == (CHAIN.tools, True, "7/0")


def test_free_tasks_are_made_once_per_server_however_many_chains_it_has(expand: Any) -> None:
    """Not once per chain [A 17.1, T11]."""
    teacher = writing(targets=("open_ticket",))
    chains = [chain(first, second) for first in NAMES for second in NAMES if first != second]
    expand(STAGE, {"tools": [SERVER], "chains": chains}, teacher=teacher, per_chain=0, per_server=3)
    assert len(teacher.asked("write_task")) == 3


def test_target_tools_are_a_list_and_not_one_text(expand: Any) -> None:
    """Two names in one are no tool [A 17.1, T6]."""
    for run_together in ("open_ticket show_ticket", "open_ticketshow_ticket", "open_ticket, show_ticket"):
        (outcome,) = expand(STAGE, {"tools": [SERVER], "chains": [CHAIN]}, teacher=writing(targets=(run_together,)), per_server=0)
        assert outcome.reason == f"task: unknown target tool - {run_together}"


def test_the_language_of_a_task_is_that_of_its_text_and_null_where_it_is_in_none(expand: Any) -> None:
    texts = {
        "Bitte melde den Regen und sieh danach nach, ob jemand kommt.": "de",
        "Signale la pluie, puis regarde si quelqu'un arrive.": "fr",
        "SELECT 1; 4 8 15 16 23 42": None,
    }
    for text, language in texts.items():
        (outcome,) = expand(STAGE, {"tools": [SERVER], "chains": [CHAIN]}, teacher=writing(text), per_server=0)
        assert isinstance(outcome, Keep)
        assert outcome.row.language == language


def test_free_tasks_take_every_tool_in_turn(expand: Any) -> None:
    teacher = writing(targets=("help",))
    expand(STAGE, {"tools": [SERVER], "chains": []}, teacher=teacher, per_server=8)
    groups = [[tool.name for tool in ask.tools] for ask in teacher.asked("write_task")]
    assert {len(group) for group in groups} == {2, 3}
    assert {name for group in groups for name in group} == set(NAMES)
    assert all(len(set(group)) == len(group) for group in groups)
    assert not any(ask.ordered for ask in teacher.asked("write_task"))


def test_what_the_recipe_knows_of_a_server_reaches_the_teacher(expand: Any) -> None:
    teacher = writing(targets=("help",))
    options = {"shop": ServerOptions(skip=["help"], facts={"text": ["rain"]}, optional={"open_ticket": ["x"], "ghost": ["y"]})}
    expand(STAGE, {"tools": [SERVER], "chains": []}, teacher=teacher, per_server=4, options=options)
    asks = teacher.asked("write_task")
    assert all("help" not in [tool.name for tool in ask.tools] and ask.facts == {"text": ["rain"]} for ask in asks)
    assert {name for ask in asks for name in ask.optional} == {"open_ticket"}


@pytest.mark.parametrize(
    ("teacher", "row", "config", "reason"),
    [
        (writing(targets=("open_ticket", "ghost")), CHAIN, {}, "task: unknown target tool - open_ticket, ghost"),
        (
            writing(targets=("show_ticket", "open_ticket")),
            CHAIN,
            {},
            "task: target tools differ from the chain - show_ticket, open_ticket",
        ),
        (writing(targets=("open_ticket",)), CHAIN, {}, "task: target tools differ from the chain - open_ticket"),
        (writing("Rain."), CHAIN, {}, "task: text too short or too long - 5 characters"),
        (writing(), CHAIN, {"max_chars": 20}, "task: text too short or too long - 31 characters"),
        (writing("Please open ticket for the rain."), CHAIN, {}, "task: text names a tool - open_ticket"),
        (writing("Use show_ticket for the rain."), CHAIN, {}, "task: text names a tool - show_ticket"),
        (ScriptedTeacher({}), CHAIN, {}, "task: the teacher abstained - no script for write_task"),
        (
            writing(),
            chain("open_ticket", "show_ticket", server_id="f" * 16),
            {},
            "task: the chain's server is not among the tools - ffffffffffffffff",
        ),
        (writing(), chain("open_ticket", "ghost"), {}, "task: the chain's tool is not among the server's - ghost"),
    ],
)
def test_each_check_rejects_with_its_reason(expand: Any, teacher: ScriptedTeacher, row: Chain, config: Any, reason: str) -> None:
    (outcome,) = expand(STAGE, {"tools": [SERVER], "chains": [row]}, teacher=teacher, per_server=0, **config)
    assert isinstance(outcome, Reject)
    assert outcome.reason == reason


def test_a_free_task_may_not_name_the_tools_it_chose_itself(expand: Any) -> None:
    teacher = writing("Open the ticket, show ticket, close ticket!", targets=("open_ticket", "show_ticket", "close_ticket"))
    outcomes = expand(STAGE, {"tools": [SERVER], "chains": []}, teacher=teacher, per_server=4)
    assert {outcome.reason.partition(" - ")[0] for outcome in outcomes} == {"task: text names a tool"}


def test_a_server_with_too_few_tools_gives_no_free_task(expand: Any) -> None:
    options = {"shop": ServerOptions(skip=NAMES[1:])}
    (outcome,) = expand(STAGE, {"tools": [SERVER], "chains": []}, teacher=writing(), per_server=1, options=options)
    assert outcome.reason == "task: too few tools left - shop"


def test_of_nearly_equal_texts_the_first_stays_and_what_was_made_of_the_other_goes_with_it() -> None:
    """Near duplicates are removed at 0.95 [A 20.5]."""
    long = " ".join(f"word{number}" for number in range(60))
    texts = ["Do it now", "do  it\nNOW!", "Do it later", long, f"{long} more", f"{long} and some more of it", "Made of b"]
    made_of = {"parent_id": [*[None] * 6, "b", None, None], "sub_tasks": [[]] * 7 + [["a", "g"], ["a", "c"]]}
    made_of["target_tools"] = [["x"]] * 9
    frame = pl.LazyFrame({"id": list("abcdefghi"), "text": [*texts, "The first, and more", "The first and another"], **made_of})
    assert STAGE.select is not None
    decided = STAGE.select(frame, TasksConfig(), None).collect()  # type: ignore[arg-type]
    assert decided["keep"].to_list() == [True, False, True, True, False, True, False, False, True]
    assert decided.filter(~pl.col("keep"))["reason"].to_list() == [NEAR, NEAR, ORPHAN, ORPHAN]


def test_where_nothing_is_to_be_removed_everything_stays() -> None:
    frame = pl.LazyFrame({"id": ["a"], "text": ["Do it"], "parent_id": ["gone"], "sub_tasks": [[]], "target_tools": [["x"]]})
    assert STAGE.select is not None
    decided = STAGE.select(frame.cast({"sub_tasks": pl.List(pl.String)}), TasksConfig(), None).collect()  # type: ignore[arg-type]
    assert decided.select("id", "keep").rows() == [("a", True)]
    assert STAGE.select(frame.cast({"sub_tasks": pl.List(pl.String)}).clear(), TasksConfig(), None).collect().height == 0  # type: ignore[arg-type]
