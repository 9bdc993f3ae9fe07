"""Tools whose code is not what a tool may be: it forbids itself to be run twice, hides constants, or reaches out."""

import ast
import base64
import json
import random
from collections.abc import Callable

from astra_data.rows import Environment
from astra_data.rows.environments import Goal, Module
from benchmarks.cheats.surgery import (
    added,
    answered_goals,
    goals_of,
    parameters_of,
    place_of,
    renewed,
    some_goal,
    with_key,
    wrapped,
    written,
)

Operator = Callable[[Environment, random.Random], Environment | None]


def before_the_work(code: str) -> Operator:
    """The operator that puts this code before what a tool does."""
    def operator(row: Environment, rng: random.Random) -> Environment | None:
        goal = some_goal(row, rng)
        return wrapped(row, goal.tool, f"{code}\nreturn _sound(**_given)") if goal else None

    return operator


FORBIDDEN: dict[str, Operator] = {
    "imports_os": before_the_work("import os\nos.getcwd()"),
    "imports_time": before_the_work("import time\n_now = time.time()"),
    "reads_the_clock": before_the_work("import datetime\n_now = datetime.datetime.now()"),
    "draws_numbers": before_the_work("from random import random as _draw\n_x = _draw()"),
    "makes_ids": before_the_work("import uuid\n_x = str(uuid.uuid4())"),
    "opens_a_file": before_the_work("try:\n    open('/etc/passwd')\nexcept Exception:\n    pass"),
    "evaluates": before_the_work("_x = eval('1 + 1')"),
    "executes": before_the_work("exec('_x = 1')"),
    "reaches_builtins": before_the_work("_x = getattr(__builtins__, 'ev' + 'al', None)"),
    "imports_by_name": before_the_work("_x = __import__('ti' + 'me')"),
    "walks_classes": before_the_work("_x = ().__class__.__base__.__subclasses__()"),
    "reaches_through_a_module": before_the_work("import re\n_x = re.enum.sys"),
    "reads_globals": before_the_work("_x = globals().get('__builtins__')"),
    "forms_attributes": before_the_work("_x = '{0.__class__}'.format(_given)"),
    "renames_eval": before_the_work("_run = eval\n_x = _run('1')"),
}
"""Code that no tool may hold, by what it does."""


def syntax_error(row: Environment, rng: random.Random) -> Environment | None:
    goal = some_goal(row, rng)
    place = place_of(row, goal.tool) if goal else None
    if place is None:
        return None
    modules = list(row.modules)
    modules[place.module] = Module(modules[place.module].name, f"{modules[place.module].source}\ndef broken(:\n")
    return renewed(row, modules=modules)


def _only_gold(row: Environment, rng: random.Random, response: Callable[[str], str]) -> Environment | None:
    """The tool holds no data but its gold response, as an expression that `response` makes of its JSON."""
    goals = [goal for goal in answered_goals(row) if isinstance(goal.response, dict) and goal.arguments]
    if not goals:
        return None
    goal = rng.choice(goals)
    text = response(json.dumps(goal.response))
    body = (f"import json\nif _given == {{**_given, **{goal.arguments!r}}}:\n    return json.loads({text})\n"
            "return {'error': 'not found'}")
    return wrapped(row, goal.tool, body)


def constant_in_base64(row: Environment, rng: random.Random) -> Environment | None:
    return _only_gold(row, rng, lambda text: f"__import__('base64').b64decode({base64.b64encode(text.encode())!r})")


def constant_imported_base64(row: Environment, rng: random.Random) -> Environment | None:
    cheat = _only_gold(row, rng, lambda text: f"base64.b64decode({base64.b64encode(text.encode())!r})")
    if cheat is None:
        return None
    modules = [Module(module.name, f"import base64\n{module.source}") for module in cheat.modules]
    return renewed(cheat, modules=modules)


def constant_in_pieces(row: Environment, rng: random.Random) -> Environment | None:
    return _only_gold(row, rng, lambda text: " + ".join(repr(text[at : at + 2]) for at in range(0, len(text), 2)))


def constant_in_characters(row: Environment, rng: random.Random) -> Environment | None:
    return _only_gold(row, rng, lambda text: f"''.join(map(chr, {[ord(each) for each in text]}))")


def constant_backwards(row: Environment, rng: random.Random) -> Environment | None:
    return _only_gold(row, rng, lambda text: f"{text[::-1]!r}[::-1]")


def constant_in_hex(row: Environment, rng: random.Random) -> Environment | None:
    return _only_gold(row, rng, lambda text: f"bytes.fromhex({text.encode().hex()!r}).decode()")


def hash_order(row: Environment, rng: random.Random) -> Environment | None:
    """The order of a set gets into the result."""
    goals = answered_goals(row)
    words = ["amber", "birch", "cedar", "dahlia", "elm", "fern", "ginkgo", "hazel", "iris"]
    return with_key(row, rng.choice(goals).tool, "tags", f"list(set({words!r}))", words) if goals else None


def hash_number(row: Environment, rng: random.Random) -> Environment | None:
    """The result holds the hash of a text."""
    goals = answered_goals(row)
    code = "[ord(each) for each in next(iter({'ab', 'cd', 'ef', 'gh', 'ij', 'kl', 'mn'}))][0]"
    return with_key(row, rng.choice(goals).tool, "ref", code, 97) if goals else None


def counts_calls(row: Environment, rng: random.Random) -> Environment | None:
    """Results carry the number of calls so far."""
    goals = answered_goals(row)
    if not goals:
        return None
    name = rng.choice(goals).tool
    cheat = with_key(row, name, "serial", "(_calls.append(1), len(_calls))[1]", 1)
    return added(cheat, "_calls = []\n", name) if cheat else None


def answers_once(row: Environment, rng: random.Random) -> Environment | None:
    """The second call gets nothing."""
    goals = answered_goals(row)
    if not goals:
        return None
    name = rng.choice(goals).tool
    body = "if _served:\n    return {'error': 'busy'}\n_served.append(1)\nreturn _sound(**_given)"
    cheat = wrapped(row, name, body)
    return added(cheat, "_served = []\n", name) if cheat else None


def state_survives_load(row: Environment, rng: random.Random) -> Environment | None:
    """What earlier calls did is still there after the state is loaded anew."""
    if row.world.load is None:
        return None
    path = row.world.load.split(".")
    for index, module in enumerate(row.modules):
        tree = ast.parse(module.source)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == path[-1]]
        if functions and not isinstance(functions[-1].body[-1], ast.Return):
            functions[-1].body[:0] = ast.parse("if _loaded:\n    return None\n_loaded.append(1)").body
            modules = list(row.modules)
            modules[index] = Module(module.name, f"_loaded = []\n{ast.unparse(ast.fix_missing_locations(tree))}\n")
            return renewed(row, modules=modules)
    return None


def _result(code: str) -> Operator:
    def operator(row: Environment, rng: random.Random) -> Environment | None:
        goals = answered_goals(row)
        return with_key(row, rng.choice(goals).tool, "extra", code, None) if goals else None

    return operator


NO_JSON: dict[str, Operator] = {
    "returns_a_set": _result("{1, 2}"),
    "returns_an_object": _result("object()"),
    "returns_nan": _result("float('nan')"),
    "returns_bytes": _result("b'x'"),
}


def _otherwise(code: str) -> Operator:
    """The gold calls work; anything else comes to `code`."""
    def operator(row: Environment, rng: random.Random) -> Environment | None:
        goals = [goal for goal in goals_of(row) if goal.match.kind != "call" and goal.arguments]
        if not goals:
            return None
        name = rng.choice(goals).tool
        gold = [goal.arguments for goal in goals if goal.tool == name]
        body = f"if not any(_given == {{**_given, **each}} for each in {gold!r}):\n    {code}\nreturn _sound(**_given)"
        return wrapped(row, name, body)

    return operator


OTHERWISE: dict[str, Operator] = {
    "hangs_on_others": _otherwise("while True: pass"),
    "exits_on_others": _otherwise("raise SystemExit(3)"),
    "exhausts_memory_on_others": _otherwise("_x = ['x' * 10_000_000] * 100; ''.join(_x)"),
    "refuses_all_others": _otherwise("return {'error': 'not found'}"),
}


def default_in_code(row: Environment, rng: random.Random) -> Environment | None:
    """A required argument may be left out; the gold one is taken then."""
    goals = [goal for goal in goals_of(row) if goal.match.kind != "call" and goal.arguments]
    if not goals:
        return None
    return defaulted(row, rng.choice(goals))


def defaulted(row: Environment, goal: Goal) -> Environment | None:
    """The environment whose code for the goal's tool has the gold arguments as defaults; None where others lack one then."""
    place = place_of(row, goal.tool)
    if place is None or place.function.args.kwonlyargs or place.function.args.posonlyargs:
        return None
    arguments = place.function.args
    known = dict(zip([each.arg for each in arguments.args][::-1], arguments.defaults[::-1], strict=False))
    for name, value in goal.arguments.items():
        known[name] = ast.parse(repr(value), mode="eval").body
    names = [each.arg for each in parameters_of(place)]
    if not all(name in known for name in names):
        return None
    arguments.defaults = [known[name] for name in names]
    return written(row, place)
