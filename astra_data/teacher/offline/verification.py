"""Verification of chains without a model: a vote is what the schemas show, a translation is written and read by rules.

The sentences are those of the offline writer, and the reader knows nothing but them and the tools on offer.
"""

from astra_data.messages import JsonObject
from astra_data.teacher.asks import ToolCard, WriteTask
from astra_data.teacher.chain_asks import ChainToQuery, ChainVote, Query, QueryToChain, ReadChain, VerifyChain
from astra_data.teacher.offline import tasks
from astra_data.teacher.offline.reading import read
from astra_data.teacher.teacher import Abstained


def vote(inputs: VerifyChain, sample: int) -> ChainVote:
    """What the schemas show. Raises `Abstained` where they leave it open."""
    if inputs.shown is None:
        raise Abstained(inputs.why)
    return ChainVote(reason=inputs.why, is_valid=inputs.shown)


def to_query(inputs: ChainToQuery, sample: int) -> Query:
    """A sentence per tool. Raises `Abstained` where a value is not to be had."""
    wanted = WriteTask(server=inputs.server, tools=inputs.tools, ordered=True, facts=inputs.facts, optional={}, seed="")
    return Query(valid=True, query=tasks.write(wanted, sample).text)


def to_chain(inputs: QueryToChain, sample: int) -> ReadChain:
    """The tool of each sentence. Raises `Abstained` where a sentence fits none."""
    steps = read(inputs.query, [_offered(tool) for tool in inputs.tools])
    chain = [step.tool for step in steps if step.tool is not None]
    if len(chain) < len(steps) or not chain:
        raise Abstained("the rules find no tool for a sentence")
    return ReadChain(plan="one call for each sentence", chain=chain)


def _offered(tool: ToolCard) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
