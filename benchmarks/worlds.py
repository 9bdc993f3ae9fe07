"""What questions of worlds and their tools cost, and how many different ones there are.

    python -m benchmarks.worlds

Questions take all domains, languages and scenarios in turn, of 1 to 6 hops, a quarter of those of several hops with
writes. Measured is CPU (`time.process_time`) of one core, for the question with the drafts of all its tools.
"""

import random
import sys
import time
from itertools import product

from astra_data.rows import Question, canonical
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, ToolDraft, Wanted, compose, drafts_of
from benchmarks.figure import Figure, at_least, at_most, equal, show

QUESTIONS = 5000
CPU_SECONDS = 60.0
TOOLS = 200
FORMS = list(product(DOMAINS, LANGUAGES, SCENARIOS))


def wanted(number: int) -> Wanted:
    """The form of the question of that number."""
    domain, language, scenario = FORMS[number % len(FORMS)]
    rng = random.Random(f"7/{number}")
    single = "single" in scenario
    writes = not single and rng.random() < 0.25
    hops = 1 if single else rng.randint(3 if writes else 2, 6)
    return Wanted(domain, language, scenario, hops, writes=writes)


def made(count: int) -> list[tuple[Question, dict[str, ToolDraft]]]:
    asked = [compose(wanted(number), f"7/{number}") for number in range(count)]
    return [(question, drafts_of(question)) for question in asked]


def figures(count: int = QUESTIONS) -> list[Figure]:
    start = time.process_time()
    pairs = made(count)
    seconds = time.process_time() - start
    tools = {canonical([draft.name, draft.parameters]) for _, drafts in pairs for draft in drafts.values()}
    largest = max(len(canonical(question.knowledge)) for question, _ in pairs)
    print(f"worlds: {count / seconds:.0f} questions a CPU second, {len(tools)} tools, "
          f"{len({question.template for question, _ in pairs})} templates, largest knowledge {largest} bytes")
    return [
        at_most(f"worlds: CPU for {count} questions and their tools", seconds, CPU_SECONDS, "s"),
        at_least("worlds: tools that differ in name or schema", len(tools), TOOLS),
        equal("worlds: scenarios", len({question.scenario for question, _ in pairs}), len(SCENARIOS)),
        equal("worlds: different questions", len({question.id for question, _ in pairs}), count),
    ]


if __name__ == "__main__":
    sys.exit(not show(figures()))
