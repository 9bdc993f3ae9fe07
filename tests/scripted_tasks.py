"""A server of tickets, chains along it, and a teacher that writes, varies and rates tasks as the test says.

(outcome,) = expand(STAGE, INPUTS, teacher=teacher(judge_task=paper(scenario_realism="unrealistic")), per_server=0)
"""

from collections.abc import Callable
from typing import Any

from scripted import TEXT, ScriptedTeacher, card, schema, server

from astra_data.rows import Chain, new_row
from astra_data.rows.chains import Walk
from astra_data.teacher.asks import WriteTask, WrittenTask
from astra_data.teacher.task_asks import (
    AugmentTask,
    CheckCoverage,
    Coverage,
    Intent,
    JoinTasks,
    PaperRatings,
    ReleasedRatings,
    Stated,
    TaskText,
)

SERVER = server(
    card("open_ticket", "Opens a ticket.", schema({"text": TEXT}), returns=schema({"ticket_id": TEXT})),
    card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT})),
    card("assign_clerk", "Gives a ticket to a clerk.", schema({"ticket_id": TEXT, "clerk": TEXT})),
    card("count_clerks", "Counts all clerks of a floor.", schema({"floor": TEXT})),
)


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
INPUTS = {"tools": [SERVER], "chains": [CHAIN]}
SAID = {
    "open_ticket": "Report that the rain comes in.",
    "show_ticket": "Tell me where that report stands.",
    "assign_clerk": "Let Mia take care of it.",
    "count_clerks": "How many people work up on the second floor today?",
}
"""What a user says for each tool."""

QUOTES = {"text": "the rain comes in", "clerk": "Mia", "floor": "second floor", "ticket_id": "that report"}


def write(inputs: WriteTask) -> WrittenTask:
    names = [tool.name for tool in inputs.tools]
    return WrittenTask(text=" ".join(SAID[name] for name in names), target_tools=names)


def writes(text: str) -> Callable[[WriteTask], WrittenTask]:
    """A writer that says this whatever the tools are."""
    return lambda inputs: WrittenTask(text=text, target_tools=[tool.name for tool in inputs.tools])


def augment(inputs: AugmentTask) -> TaskText:
    return TaskText(text=f"{inputs.text} This time it is the {inputs.mode} way that I want, number {inputs.seed}.")


def join(inputs: JoinTasks) -> TaskText:
    return TaskText(text=" And after this: ".join(inputs.texts))


def stated(inputs: CheckCoverage) -> Coverage:
    """A quote for every needed parameter."""
    return Coverage(
        stated=[Stated(tool=item.tool, parameter=item.parameter, quote=QUOTES[item.parameter]) for item in inputs.needed]
    )


def unstated(inputs: CheckCoverage) -> Coverage:
    return Coverage(stated=[Stated(tool=item.tool, parameter=item.parameter, quote=None) for item in inputs.needed])


def paper(**words: str) -> PaperRatings:
    """Ratings that pass, but for those given by axis."""
    usual = {"question_quality": "good", "scenario_realism": "moderately realistic", "tool_use_necessity": "necessary"}
    return PaperRatings.model_validate(_with_reasons(usual | words))


def released(**words: str) -> ReleasedRatings:
    """Ratings that pass, but for those given by axis."""
    selection = {"tool_selection_difficulty": "easy", "tool_selection_uniqueness": "moderately unique"}
    usual = selection | {"question_quality": "good", "scenario_realism": "moderately realistic"}
    return ReleasedRatings.model_validate(_with_reasons(usual | words))


def _with_reasons(words: dict[str, str]) -> dict[str, str]:
    return words | {f"{axis}_reason": f"about {axis}" for axis in words}


def teacher(**script: Any) -> ScriptedTeacher:
    """A teacher whose every answer is good, except where the script says otherwise."""
    usual = {
        "write_task": write,
        "augment_task": augment,
        "join_tasks": join,
        "check_coverage": stated,
        "check_intent": Intent(reason="alike", same=True),
        "judge_task": paper(),
        "judge_task_released": released(),
    }
    return ScriptedTeacher(usual | script)
