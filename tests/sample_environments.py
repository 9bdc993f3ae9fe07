"""Small environments of both kinds, for tests of whatever reads or writes them.

    shop()      two functions of their arguments, goals of several kinds
    wallet()    methods of an object with a state, two turns, a tool that comes with the second, goals in an order
"""

from typing import Any

from astra_data.rows import Environment, new_row
from astra_data.rows.environments import (
    AuditCheck,
    EnvironmentDifficulty,
    EnvironmentTool,
    EnvironmentTurn,
    Goal,
    Match,
    Module,
    World,
)

STOCK = '''"""Stock by article."""

STOCK = {"A1": 3, "B2": 13}


def get_stock(sku):
    if sku not in STOCK:
        raise KeyError(f"no article {sku}")
    return {"sku": sku, "stock": STOCK[sku]}
'''
PRICES = '''from stock import STOCK

PRICES = {"A1": 2.5, "B2": 4.0}


def get_value(sku, currency="EUR"):
    return {"value": PRICES[sku] * STOCK[sku], "currency": currency}
'''
WALLET = '''class Wallet:
    def __init__(self):
        self.balance = 0

    def pay(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount
        return {"balance": self.balance}

    def receive(self, amount):
        self.balance += amount
        return {"balance": self.balance}

    def look(self):
        return {"balance": self.balance}
'''
DESK = '''from wallet import Wallet

wallet = Wallet()


def load(state):
    wallet.balance = state["balance"]


def dump():
    return {"balance": wallet.balance}
'''


def tool(name: str, entry: str, from_turn: int = 0, required: tuple[str, ...] = (), **properties: Any) -> EnvironmentTool:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return EnvironmentTool(name, {"name": name, "description": f"Does {name}.", "parameters": parameters}, entry, from_turn)


def environment(**values: Any) -> Environment:
    known = {
        "question_id": "0" * 16, "source": "worlds", "domain": "retail", "language": "en", "license": "Apache-2.0",
        "audit": [AuditCheck("gold", "get_stock", True, 'three "runs"\nequal')], "hackability": 0.25,
        "difficulty": EnvironmentDifficulty(2, 2, 2, 1), "split_keys": ["world 7"], "models": {"writer": "offline"},
    }
    row: Environment = new_row(Environment, **known | values)
    return row


def shop() -> Environment:
    sku, currency = {"type": "string"}, {"type": "string", "default": "EUR"}
    goals = [
        Goal("g0", "get_stock", {"sku": "A1"}, {"sku": "A1", "stock": 3}, 3, Match("number", "stock", 0.5), []),
        Goal("g1", "get_value", {"sku": "A1"}, {"value": 7.5, "currency": "EUR"}, None, Match("call"), ["g0"]),
    ]
    return environment(
        turns=[EnvironmentTurn("What is the stock of A1 worth? \u00e9\u007f \U0001f600 It's \"new\".", goals)],
        tools=[tool("get_stock", "stock.get_stock", required=("sku",), sku=sku),
               tool("get_value", "prices.get_value", required=("sku",), sku=sku, currency=currency)],
        modules=[Module("stock", STOCK), Module("prices", PRICES)], world=World(None, None, None, [], None), answer=7.5,
    )


def wallet() -> Environment:
    amount = {"type": "integer"}
    first = [
        Goal("g0", "receive", {"amount": 5}, {"balance": 15}, {"balance": 15}, Match("state"), []),
        Goal("g1", "pay", {"amount": 12}, {"balance": 3}, None, Match("call"), ["g0"]),
    ]
    second = [Goal("g2", "look", {}, {"balance": 3}, 3, Match("exact", "balance"), [])]
    return environment(
        turns=[EnvironmentTurn("Take 5, then pay 12.", first), EnvironmentTurn("What is left?", second)],
        tools=[tool("receive", "desk.wallet.receive", required=("amount",), amount=amount),
               tool("pay", "desk.wallet.pay", required=("amount",), amount=amount),
               tool("look", "desk.wallet.look", from_turn=1)],
        modules=[Module("wallet", WALLET), Module("desk", DESK)],
        world=World({"balance": 10}, "desk.load", "desk.dump", [], {"balance": 3}), answer=None,
    )
