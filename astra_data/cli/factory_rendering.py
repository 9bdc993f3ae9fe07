"""Questions and environments as text for people: decompositions as indented trees, tools as signatures, audits by check."""

from collections.abc import Iterator

from astra_data.cli.rendering import field_lines, json_text, refusals, signature, wrapped
from astra_data.rows import Row


def question_lines(row: Row) -> Iterator[str]:
    """A question, its answer, and what it comes apart into, each sub-question below those that need it."""
    yield f"{row['id']}  {row['scenario']}  {row['domain']}  {row['hops']} hops"
    yield from refusals(row)
    yield from wrapped(row["question"], 0)
    yield from wrapped(f"= {json_text(row['answer'])}", 0)
    yield ""
    told = {node["id"]: f"{node['question']} = {json_text(node['answer'])}{'' if node['needs_tool'] else '  (no tool)'}"
            for node in row["nodes"]}
    yield from _tree({node["id"]: node["depends_on"] for node in row["nodes"]}, told)


def environment_lines(row: Row) -> Iterator[str]:
    """What the user says turn by turn, the goals with their gold calls below those that come after them, and the tools; an arena
    says which of its tools are distractors."""
    hackability = f"  hackability {row['hackability']:.3g}" if row.get("hackability") is not None else ""
    yield f"{row['id']}  {row['source']}  {row['domain']}{hackability}"
    yield from refusals(row)
    for number, turn in enumerate(row["turns"]):
        yield ""
        yield from wrapped(f"[{number}] {turn['user']}", 0, 4)
        told = {goal["id"]: f"{goal['tool']} {json_text(goal['arguments'])} = {json_text(goal['answer'])}"
                for goal in turn["goals"]}
        yield from _tree({goal["id"]: [name for name in goal["after"] if name in told] for goal in turn["goals"]}, told)
    distracting = {distractor["name"]: distractor["band"] for distractor in row.get("distractors") or ()}
    for schema in (tool.get("schema") or tool["function"] for tool in row["tools"]):
        yield ""
        yield from [f"distractor, {distracting[schema['name']]}:"] if schema["name"] in distracting else []
        yield from signature(schema["name"], schema)
    state = {"state": row["world"]["initial_state"]} if row["world"]["initial_state"] is not None else {}
    if state:
        yield ""
        yield from field_lines(state)


def audit_lines(row: Row) -> Iterator[str]:
    """Every check with what was seen; those that failed first."""
    order = {False: 0, None: 1, True: 2}
    for check in sorted(row["audit"], key=lambda check: order[check["passed"]]):
        word = {True: "passed", False: "FAILED", None: "none"}[check["passed"]]
        yield from wrapped(f"{word:<7} {check['check']:<13}{check['tool'] or ''}", 0)
        yield from wrapped(check["evidence"], 8)


def _tree(before: dict[str, list[str]], told: dict[str, str]) -> Iterator[str]:
    """What needs others stands above them, indented; what was told already is named only."""
    needed = {name for names in before.values() for name in names}
    seen: set[str] = set()

    def lines(name: str, depth: int) -> Iterator[str]:
        known = name in seen
        seen.add(name)
        yield from wrapped(f"{name}: {'(see above)' if known else told.get(name, '')}", 2 * depth + 2, 4)
        for other in () if known else before.get(name, ()):
            yield from lines(other, depth + 1)

    for name in [name for name in before if name not in needed] or list(before):
        yield from lines(name, 0)
