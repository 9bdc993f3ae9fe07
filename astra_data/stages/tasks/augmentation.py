"""Variants of a task that passed: in another situation, more demanding, or in a persona's words [A 5.1].

The original is not given out again. A variant has its target tools, kind and chain, and records the original, mode and persona.
"""

import random
from collections.abc import Iterator

from astra_data.pipeline.stage import Outcome, Quarantine, Reject
from astra_data.rows import Server, Task, new_row
from astra_data.rows.tasks import Augmentation
from astra_data.stages.prompts import server_card
from astra_data.stages.tasks.case import Case, Work, target_cards
from astra_data.stages.tasks.config import Augment
from astra_data.stages.tasks.personas import Persona
from astra_data.stages.tasks.scrutiny import admit, needed_of
from astra_data.teacher.task_asks import AUGMENT_TASK, AugmentTask
from astra_data.teacher.teacher import Abstained, Unanswered
from astra_data.text.language import language_of


async def variants(work: Work, server: Server, parent: Task) -> list[Outcome]:
    """The outcomes of all variants that the recipe wants of a task, by mode and number. None makes another one fail."""
    wanted = _wanted(work.config.augment, work, parent)
    return [await _variant(work, server, parent, mode, number, persona) for mode, number, persona in wanted]


def _wanted(config: Augment, work: Work, parent: Task) -> Iterator[tuple[str, int, Persona | None]]:
    counts = {"diverse": config.diverse, "complicate": config.complicate}
    yield from ((mode, number, None) for mode, count in counts.items() for number in range(count))
    draw = random.Random(f"{work.resources.seed}/tasks/{parent.id}/persona")
    drawn = draw.sample(work.personas, min(config.persona, len(work.personas)))
    yield from (("persona", number, drawn[number % len(drawn)]) for number in range(config.persona))


async def _variant(work: Work, server: Server, parent: Task, mode: str, number: int, persona: Persona | None) -> Outcome:
    try:
        text = (await work.writer.answer(AUGMENT_TASK, _ask(work, server, parent, mode, number, persona))).text
    except Abstained as abstained:
        return Reject(f"task: the teacher abstained - {abstained.reason}")
    except Unanswered as failure:
        return Quarantine(failure.reason)
    task = new_row(
        Task,
        server_id=server.id,
        server=server.name,
        chain_id=parent.chain_id,
        kind=parent.kind,
        parent_id=parent.id,
        augmentation=Augmentation(mode, persona.id if persona else None),
        text=text,
        language=language_of(text),
        target_tools=parent.target_tools,
        scores=[],
        models={"writer": work.writer.name},
    )
    return await admit(Case(work, server, task, needed_of(server, task.target_tools), parent))


def _ask(work: Work, server: Server, parent: Task, mode: str, number: int, persona: Persona | None) -> AugmentTask:
    options = work.resources.option(server.name)
    return AugmentTask.model_validate({
        "mode": mode,
        "text": parent.text,
        "server": server_card(server),
        "tools": target_cards(server, parent),
        "persona": persona and persona.card(),
        "facts": options.facts,
        "optional": {name: names for name, names in options.optional.items() if name in parent.target_tools},
        "seed": f"{work.resources.seed}/{number}",
    })
