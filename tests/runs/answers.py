"""The model of the runs: a function from a request to a good answer, and the faults that may come before it.

    reply(request)                                    # what the endpoint says; the same whenever it is asked
    score("QU", "Please measure a room ...")          # what the judge thinks of this user's text

An ask is known by its system prompt, the policy by having tools. Every value that a task needs is stated in its text, one
sentence per tool, so that the policy can read them back; no text is written twice.
"""

import functools
import hashlib
import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

from scripted_endpoint import Fault, Plan, once_each

PROMPTS = Path(__file__).parents[2] / "astra_data" / "teacher" / "prompts"
POLICY = "policy"
BEFORE_TASKS = (
    *("label_domain", "judge_description", "propose_chains"),
    *("verify_chain", "chain_to_query", "query_to_chain", "write_task"),
)
BORDER = "\n---user---\n"
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}
CHAINS = {
    "The paint desk": [["measure_room", "paint_needed"], ["measure_room", "paint_needed", "price_paint"]],
    "The notes desk": [["add_note", "strike_note"]],
}
ASKED = itertools.count(1)
SENTENCES = {
    "measure_room": "A room is {width} m wide and {depth} m deep; find its floor.",
    "paint_needed": "Work out what {coats} coats over {area} square metres take.",
    "price_paint": "Then {litres} litres at {price} each: what is the sum?",
    "drying_time": "How long must {coats} coats dry at {humidity} percent humidity?",
    "add_note": "Write down {text} for me.",
    "find_notes": "Look for whatever mentions {word} on the list.",
    "strike_note": "Take entry {number} off the list.",
    "count_notes": "Say how long the list is.",
}
"""How a user says what each tool is for, with every value it takes."""


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request of the policy or of an ask, at a constant price."""
    messages, name = request["messages"], name_of(request)
    answer = turn(messages) if name == POLICY else {"content": json.dumps(ANSWERS[name](messages))}
    return answer | {"usage": USAGE}


def name_of(request: dict[str, Any]) -> str:
    """`policy`, or the name of the ask that a request puts."""
    if "tools" in request:
        return POLICY
    system = request["messages"][0]["content"]
    return next(name for name, pattern in _systems().items() if pattern.fullmatch(system))


def about(request: dict[str, Any]) -> str | None:
    """The user's text that a request is about; None for what is asked before there is one."""
    name, messages = name_of(request), request["messages"]
    if name in BEFORE_TASKS:
        return None
    return user_text(messages if name == POLICY else judged(messages))


def varying(request: dict[str, Any]) -> dict[str, Any]:
    """Another good answer each time, as a model at a temperature gives: other words of a task, another end of a rollout."""
    answer, word = reply(request), "".join("abcdefghij"[int(digit)] for digit in str(next(ASKED)))
    if name_of(request) == POLICY:
        return answer | {"content": answer["content"] and f"{answer['content']} - {word}"}
    return answer | {"content": answer["content"].replace("Hello.", f"Hello {word}.")}


@functools.cache
def _systems() -> dict[str, re.Pattern[str]]:
    """What the system part of each prompt file can be rendered to."""
    parts = {path.name.removesuffix(".md.jinja"): path.read_text().split(BORDER)[0].strip() for path in PROMPTS.iterdir()}
    literal = {name: re.split(r"\{% if .*?\{% endif %\}", text, flags=re.DOTALL) for name, text in parts.items()}
    return {name: re.compile(".*?".join(map(re.escape, texts)), re.DOTALL) for name, texts in literal.items()}


def propose(messages: list[dict[str, Any]]) -> dict[str, Any]:
    title = next(title for title in CHAINS if title in messages[1]["content"])
    return {"chains": [{"tools": tools, "scenario": "a quiet day"} for tools in CHAINS[title]]}


def write(messages: list[dict[str, Any]]) -> dict[str, Any]:
    prompt = messages[1]["content"]
    tools = [json.loads(line)["name"] for line in prompt.splitlines() if line.startswith('{"name"')]
    _, named, variation = prompt.rpartition("Variation: ")
    variation = json.loads(variation.splitlines()[0]) if named else prompt
    kind = "chain" if "in this order" in prompt else "server"
    return {"text": task_text(tools, f"{kind} {variation}"), "target_tools": tools}


def verify_chain(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"reason": "each takes what the one before returns", "is_valid": True}


def chain_to_query(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"valid": True, "query": write(messages)["text"]}


def query_to_chain(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"plan": "as the user says", "chain": [tool for tool, _ in steps(messages[1]["content"])]}


def task_text(tools: list[str], seed: str) -> str:
    """One sentence per tool, with values drawn by `seed` (such as `server 7/0`)."""
    return "Hello. " + " ".join(SENTENCES[tool].format_map(_Values(f"{seed}/{tool}")) for tool in tools)


class _Values(dict[str, Any]):
    """Any value by name: `number` is 1, so that it names a note; `text` and `word` are words, the rest numbers."""

    def __init__(self, seed: str) -> None:
        super().__init__()
        self._seed = seed

    def __missing__(self, name: str) -> Any:
        drawn = random.Random(f"{self._seed}/{name}").randint(2, 9_999_999)
        return {"number": 1, "text": f"n{drawn}", "word": f"n{drawn}"}.get(name, drawn)


def steps(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that a user's text asks for, in the order it asks."""
    found = []
    for tool, sentence in SENTENCES.items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[\\w.]+)", re.escape(sentence))
        if match := re.search(pattern, text):
            values = {name: int(value) if value.isdigit() else value for name, value in match.groupdict().items()}
            found.append((match.start(), tool, values))
    return [(tool, values) for _, tool, values in sorted(found)]


def turn(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The policy: one call after the other, as the text asks; then what came of them."""
    wanted = steps(user_text(messages))
    results = [message["content"] for message in messages if message["role"] == "tool"]
    if len(results) == len(wanted):
        return {"content": f"Done: {'; '.join(results)}"}
    tool, values = wanted[len(results)]
    function = {"name": tool, "arguments": json.dumps(values)}
    return {"content": "", "tool_calls": [{"id": f"x{len(results)}", "type": "function", "function": function}]}


def user_text(messages: list[dict[str, Any]]) -> str:
    return next(message["content"] for message in messages if message["role"] == "user")


def judged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation that a judge is shown."""
    lines = re.findall(r"^\d+: (\{.*\})$", messages[1]["content"], re.MULTILINE)
    return [json.loads(line) for line in lines]


def score(axis: str, text: str) -> float:
    """What the judge thinks: mostly 1, sometimes 0.5, rarely 0. Depends on the axis and the user's text alone."""
    return _draw(f"{axis}/{text}", [1.0] * 22 + [0.5] * 3 + [0.0])


def necessary(call_id: str, text: str) -> float:
    return _draw(f"{call_id}/{text}", [1.0] * 12 + [0.0])


def _draw(seed: str, values: list[float]) -> float:
    return random.Random(hashlib.sha256(seed.encode()).hexdigest()).choice(values)


def _single(axis: str) -> Any:
    def judge(messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"reason": f"judged {axis}", "score": score(axis, user_text(judged(messages))), "quote": ""}

    return judge


def judge_round(messages: list[dict[str, Any]]) -> dict[str, Any]:
    text = user_text(judged(messages))
    return {"reason": "a round", "understanding": score("TCU", text), "planning": score("TCP", text), "quote": ""}


def judge_calls(messages: list[dict[str, Any]]) -> dict[str, Any]:
    seen = judged(messages)
    ids = [call["id"] for message in seen for call in message.get("tool_calls") or ()]
    return {"calls": [{"call_id": one, "necessary": necessary(one, user_text(seen)), "reason": f"about {one}"} for one in ids]}


def judge_answer(messages: list[dict[str, Any]]) -> dict[str, Any]:
    text = user_text(judged(messages))
    return {"reason": "the end", "correctness": score("FA", text), "summary": score("FA", text), "quote": "Done"}


ANSWERS = {
    "label_domain": lambda messages: {"reason": "None of them.", "domain": None},
    "judge_description": lambda messages: {"reason": "It says what it does.", "clear": True},
    "propose_chains": propose,
    "verify_chain": verify_chain,
    "chain_to_query": chain_to_query,
    "query_to_chain": query_to_chain,
    "write_task": write,
    "judge_understanding": _single("QU"),
    "judge_planning": _single("QP"),
    "judge_round": judge_round,
    "judge_calls": judge_calls,
    "judge_answer": judge_answer,
}


JUDGES = tuple(name for name in ANSWERS if name.startswith("judge_") and name not in BEFORE_TASKS)


def among(names: set[str], plan: Plan) -> Plan:
    """The plan for requests of these names only: asks, and `policy`."""
    return lambda index, request: plan(index, request) if name_of(request) in names else None


def sick(seed: int, rate: float, faults: list[Fault]) -> Plan:
    """A share of all questions has no good answer, however often and in whatever words it is put."""

    def plan(index: int, request: dict[str, Any]) -> Fault | None:
        opening = request["messages"] if "tools" in request else request["messages"][:2]
        draw = random.Random(f"{seed}/{json.dumps(opening, sort_keys=True)}")
        return draw.choice(faults) if draw.random() < rate else None

    return plan


def every(number: int, fault: Fault) -> Plan:
    """One of so many requests fails, whatever it is; a retry is another request."""
    return lambda index, request: fault if index % number == number // 2 else None


def lost(fault: Fault, *words: str) -> Plan:
    """What is asked about all of these words has no good answer, ever."""
    return lambda index, request: fault if all(word in request["messages"][1]["content"] for word in words) else None


NO_ANSWER = [Fault.status(500), Fault("cut"), Fault("no_choices"), Fault("not_json"), Fault.status(429, 0.01)]
SPOILT = ["think", "lost_think_tag", "unclosed_think", "fence", "prose", "strings", "truncate", "empty", "words"]
MIXTURE: list[Plan] = [
    every(150, Fault("hang")),
    among({"verify_chain"}, lost(Fault.status(500), "measure_room", "price_paint")),
    among({"chain_to_query"}, lost(Fault("truncate"), "measure_room")),
    among({"query_to_chain"}, lost(Fault("cut"), "Take entry")),
    among({"write_task"}, sick(8, 0.1, NO_ANSWER)),
    among({POLICY, *JUDGES}, sick(2, 0.03, NO_ANSWER)),
    among({*JUDGES}, sick(3, 0.03, [Fault("truncate"), Fault("words")])),
    once_each(4, 0.15, [Fault.status(429, 0.01), Fault.status(500), Fault.status(503), Fault("cut")]),
    among({*ANSWERS}, once_each(5, 0.3, [Fault(kind) for kind in SPOILT])),
]
"""Answers that never come, answers that come late, and answers that must be dug out; by content, so the same every time.

A turn of the policy is never spoilt: what it says would be another turn, not a fault to recover from.
"""

REFUSED: list[Plan] = [lambda index, request: Fault.status(401)]
