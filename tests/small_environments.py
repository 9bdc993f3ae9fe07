"""Environments of the tests' own: a shop that answers, and a bank whose tools change its state.

with Running(SHOP, sandbox) as running: ...
"""

from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows import Environment, new_row
from astra_data.rows.environments import (
    EnvironmentDifficulty,
    EnvironmentTool,
    EnvironmentTurn,
    Goal,
    Match,
    Module,
    World,
)

SHOP_SOURCE = """
import time

TOTALS = {"A": 3, "B": 13}
seen = []

def total(order, unit="EUR"):
    if order not in TOTALS:
        return {"error": {"type": "unknown", "message": "no such order"}}
    return {"total": TOTALS[order], "unit": unit}

def say(text):
    return text

def count():
    seen.append(1)
    return len(seen)

def spin(seconds):
    while True:
        pass

def clock():
    return time.time()

def fail(how):
    raise KeyError(how)
"""
BANK_SOURCE = """
from world import STATE

def pay(account, amount):
    STATE["accounts"][account] -= amount
    STATE["log"] = STATE.get("log", 0) + 1
    return {"balance": STATE["accounts"][account]}
"""
WORLD_SOURCE = """
STATE = {}

def load(state):
    STATE.update(state)

def dump():
    return STATE
"""


def parameters(required: dict[str, str], **optional: str) -> JsonObject:
    properties = {name: {"type": kind} for name, kind in (required | optional).items()}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def tool(name: str, schema: JsonObject, module: str, from_turn: int = 0) -> EnvironmentTool:
    return EnvironmentTool(name, {"name": name, "description": name, "parameters": schema}, f"{module}.{name}", from_turn)


def environment(turns: list[EnvironmentTurn], tools: list[EnvironmentTool], modules: list[Module], world: World) -> Environment:
    goals = sum(len(turn.goals) for turn in turns)
    values: dict[str, Any] = {
        "question_id": None, "source": "given", "domain": "shop", "language": "en", "license": None, "turns": turns,
        "tools": tools, "modules": modules, "world": world, "answer": None, "audit": [], "hackability": None,
        "difficulty": EnvironmentDifficulty(1, goals, len(tools), len(turns)), "split_keys": [], "models": {},
    }
    row: Environment = new_row(Environment, **values)
    return row


def total_goal(name: str, order: str, answer: int) -> Goal:
    response = {"total": answer, "unit": "EUR"}
    return Goal(name, "total", {"order": order}, response, answer, Match("number", "total"), [])


SHOP = environment(
    [EnvironmentTurn("How much is A?", [total_goal("a", "A", 3)]), EnvironmentTurn("Thanks.", []),
     EnvironmentTurn("And B? Then count.", [total_goal("b", "B", 13), Goal("c", "count", {}, 1, 1, Match("call"), ["b"])])],
    [tool("total", parameters({"order": "string"}, unit="string"), "shop"), tool("say", parameters({"text": "string"}), "shop"),
     tool("spin", parameters({"seconds": "number"}), "shop"), tool("clock", parameters({}), "shop"),
     tool("fail", parameters({"how": "string"}), "shop"), tool("count", parameters({}), "shop", 2)],
    [Module("shop", SHOP_SOURCE)],
    World(None, None, None, [], None),
)
BANK = environment(
    [EnvironmentTurn("Pay 2 from X, then 1 from Y.", [
        Goal("y", "pay", {"account": "Y", "amount": 1}, {"balance": 4}, {"accounts": {"Y": 4}}, Match("state"), ["x"]),
        Goal("x", "pay", {"account": "X", "amount": 2}, {"balance": 3}, {"accounts": {"X": 3}}, Match("state"), []),
    ])],
    [tool("pay", parameters({"account": "string", "amount": "integer"}), "bank")],
    [Module("world", WORLD_SOURCE), Module("bank", BANK_SOURCE)],
    World({"accounts": {"X": 5, "Y": 5}}, "world.load", "world.dump", ["log"], {"accounts": {"X": 3, "Y": 4}, "log": 9}),
)
