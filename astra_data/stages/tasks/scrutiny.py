"""What a task must pass before it is kept [A 20.5]: checks that need no model, then the judge.

    outcome = await admit(Case(work, server, task, needed_of(server, task.target_tools)))

The judge is asked where values are stated, whether a variant wants what its parent wants, and for the ratings of a rubric. Where
it abstains the score is null; where it gives no usable answer the task is quarantined with the scores it has.
"""

from collections.abc import Sequence
from dataclasses import replace

from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rows import Server
from astra_data.rows.tasks import TaskScore
from astra_data.stages import evidence
from astra_data.stages.tasks.case import Case, Finding, barred_of, target_cards
from astra_data.stages.tasks.ratings import ratings
from astra_data.teacher.task_asks import CHECK_COVERAGE, CHECK_INTENT, CheckCoverage, CheckIntent, Needed
from astra_data.teacher.teacher import Abstained, Unanswered
from astra_data.tools.naming import gives_away


async def admit(case: Case) -> Outcome:
    """Keep the task with its scores, reject it for the first thing that is wrong, or quarantine it."""
    task = case.task
    if wrong := flaw(case) or _language_differs(case):
        return Reject(f"task: {wrong}", task)
    for name, examine in (("coverage", coverage), ("intent", intent), ("ratings", ratings)):
        try:
            found = await examine(case)
        except Unanswered as failure:
            return Quarantine(f"judge: {name}: {failure.reason}", task)
        if found.scores:
            models = task.models | {"judge": case.work.judge.name}
            task = replace(task, scores=[*task.scores, *found.scores], models=models)
        if found.wrong:
            return Reject(f"task: {found.wrong}", task)
    return Keep(task)


def flaw(case: Case) -> str | None:
    """The first thing wrong that needs no judge and no parent, or None."""
    task, config = case.task, case.work.config
    if not set(task.target_tools) <= {tool.name for tool in case.server.tools}:
        return f"unknown target tool - {', '.join(task.target_tools)}"
    if barred := barred_of(case.work, case.server.id, task.target_tools):
        return barred
    if case.chain is not None and task.target_tools != case.chain:
        return f"target tools differ from the chain - {', '.join(task.target_tools)}"
    if not config.min_chars <= len(task.text) <= config.max_chars:
        return f"text too short or too long - {len(task.text)} characters"
    named = next((name for name in [*case.asked, *task.target_tools] if gives_away(task.text, name)), None)
    return f"text names a tool - {named}" if named else None


def _language_differs(case: Case) -> str | None:
    """A variant must be in the language of its parent; where that is not known there is nothing to compare."""
    wanted = case.parent.language if case.parent else None
    if wanted is None or case.task.language == wanted:
        return None
    return f"language differs - {case.task.language or 'unknown'}, not {wanted}"


async def coverage(case: Case) -> Finding:
    """Whether the text states a value for each parameter that only the user can supply."""
    if not case.needed or not case.work.config.coverage:
        return Finding([])
    inputs = CheckCoverage(text=case.task.text, tools=target_cards(case.server, case.task), needed=case.needed)
    try:
        answer = await case.work.judge.answer(CHECK_COVERAGE, inputs)
    except Abstained as abstained:
        return Finding([TaskScore("coverage", None, abstained.reason)])
    missing = [f"{item.tool}.{item.parameter}" for item in answer.stated if item.quote is None]
    if missing:
        named = ", ".join(missing)
        return Finding([TaskScore("coverage", 0.0, f"not stated: {named}")], f"a value is not stated - {named}")
    return Finding([TaskScore("coverage", 1.0, "every value is stated")])


async def intent(case: Case) -> Finding:
    """Whether a variant wants what its parent wants."""
    augmentation = case.task.augmentation
    if case.parent is None or augmentation is None:
        return Finding([])
    inputs = CheckIntent.model_validate({
        "mode": augmentation.mode,
        "original": case.parent.text,
        "variant": case.task.text,
        "tools": target_cards(case.server, case.task),
    })
    try:
        answer = await case.work.judge.answer(CHECK_INTENT, inputs)
    except Abstained as abstained:
        return Finding([TaskScore("intent", None, abstained.reason)])
    score = TaskScore("intent", float(answer.same), answer.reason)
    return Finding([score], None if answer.same else f"intent differs - {answer.reason}")


def needed_of(server: Server, names: Sequence[str]) -> list[Needed]:
    """The parameters that only the user can supply when these tools are called in order.

    Names that the server lacks are left out, and so are parameters that have a default or only one value.
    """
    known = {tool.name: tool for tool in server.tools}
    tools = [known[name] for name in names if name in known]
    found: dict[tuple[str, str], Needed] = {}
    for item in evidence.of_chain(tools):
        tool = tools[item.hop]
        schema = (tool.parameters.get("properties") or {}).get(item.parameter)
        schema = schema if isinstance(schema, dict) else {}
        if item.kind == evidence.USER and not {"default", "const"} & schema.keys():
            told = str(schema.get("description") or "")
            found.setdefault((tool.name, item.parameter), Needed(tool=tool.name, parameter=item.parameter, description=told))
    return list(found.values())
