"""Tools of one intent become one tool, one sub-question at a time [A 12].

    tools, records = await merged(work, question, tools)      # records: one check `merge` per insertion that was tried

After each insertion all calls that the tool has answered so far are made again. Where one fails, after as many tries as allowed,
the tools stay apart as they were.
"""

from collections.abc import Sequence
from dataclasses import replace

from astra_data.rows import Question
from astra_data.rows.environments import AuditCheck
from astra_data.stages.environments.assembly import Solved, Tool, changes_state
from astra_data.stages.environments.synthesis import Asks, Failed, Work, verified
from astra_data.teacher.environment_asks import (
    CLUSTER_TOOLS,
    MERGE_TOOL,
    ClusterTools,
    Member,
    MergedTool,
    MergeTool,
    ToolDocument,
)
from astra_data.teacher.teacher import Abstained


async def merged(work: Work, question: Question, tools: Sequence[Tool]) -> tuple[list[Tool], list[AuditCheck]]:
    """The tools after merging, and what became of each insertion: passed, or null where tools stay apart. Raises `Unanswered`."""
    asks = Asks(work.writer, len(tools) * work.config.most_merge_asks)
    try:
        clusters = await _clusters(asks, tools)
    except (Failed, Abstained) as failure:
        return list(tools), [AuditCheck("merge", None, None, f"no clusters: {failure.reason}")]
    by_id = {tool.solved[0].node.id: tool for tool in tools}
    done, records = list[Tool](), list[AuditCheck]()
    for ids in clusters:
        base = by_id[ids[0]]
        for name in ids[1:]:
            others = _others(question, tools, [one.node.id for one in base.solved], name)
            try:
                base = await _inserted(work, question, asks, base, by_id[name], others)
                records.append(AuditCheck("merge", base.document.name, True, f"answers {name} too"))
            except (Failed, Abstained) as failure:
                done.append(by_id[name])
                records.append(AuditCheck("merge", base.document.name, None, f"{name} stays apart: {failure.reason}"))
        done.append(base)
    place = {tool.solved[0].node.id: number for number, tool in enumerate(tools)}
    return sorted(done, key=lambda tool: place[tool.solved[0].node.id]), records


async def _clusters(asks: Asks, tools: Sequence[Tool]) -> list[list[str]]:
    """Ids of sub-questions that want one tool, in the order of the question."""
    members = [member_of(tool.solved[0], tool) for tool in tools]
    answer = await asks.answer(CLUSTER_TOOLS, ClusterTools(members=members), 0)
    order = [member.id for member in members]
    return [sorted(cluster.ids, key=order.index) for cluster in answer.clusters]


async def _inserted(work: Work, question: Question, asks: Asks, base: Tool, other: Tool,
                    beside: Sequence[Tool]) -> Tool:
    """The base tool, answering what the other answers too. Raises `Failed` where no try passes all calls."""
    previous, failed, (new,) = "", Failed(""), other.solved
    for attempt in range(work.config.tries):
        inputs = MergeTool(
            base=base.document, source=base.source, members=[member_of(one, base) for one in base.solved],
            member=member_of(new, other), member_source=other.source, knowledge=question.knowledge, previous=previous,
            problem=failed.reason,
        )
        try:
            answer = await asks.answer(MERGE_TOOL, inputs, attempt)
            previous = answer.source
            if answer.arguments in [one.arguments for one in base.solved]:
                raise Failed("its call is that of another sub-question")
            return await verified(work, question, _extended(base, new, answer), beside)
        except Failed as failure:
            failed = failure
    raise failed


def _others(question: Question, tools: Sequence[Tool], merged_ids: Sequence[str], name: str) -> list[Tool]:
    """The tools whose calls must be made too, for the calls of the merged tool to find the state that they need."""
    inside = [*merged_ids, name]
    return [tool for tool in tools if tool.solved[0].node.id not in inside] if changes_state(question) else []


def _extended(base: Tool, new: Solved, answer: MergedTool) -> Tool:
    document = ToolDocument(name=base.document.name, description=answer.description, parameters=answer.parameters)
    added = replace(new, arguments=answer.arguments, path=answer.answer_path)
    return Tool(document, answer.source, (*base.solved, added))


def member_of(one: Solved, tool: Tool) -> Member:
    return Member(id=one.node.id, question=one.node.question, answer=one.node.answer, tool=tool.document,
                  arguments=one.arguments, answer_path=one.path, call=one.node.call)


