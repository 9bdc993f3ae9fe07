"""Sound environments, written by hand: lookups and counts over a table, a desk with a state, a file system over several turns."""

from typing import Any

from astra_data.rows import Environment, new_row
from astra_data.rows.environments import EnvironmentDifficulty, EnvironmentTool, EnvironmentTurn, Goal, Match, Module, World

CHECKED = '''
def text(value, name):
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text")
    return value


def whole(value, name):
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number")
    return value
'''

ORDERS = '''
from checked import text, whole

ORDERS = [
    {"order": "O-1017", "customer": "Ingrid Dahl", "city": "Bergen", "total": 931.5, "lines": 4},
    {"order": "O-1018", "customer": "Sara Lind", "city": "Bergen", "total": 412.25, "lines": 2},
    {"order": "O-1019", "customer": "Ingrid Dahl", "city": "Tromso", "total": 77.1, "lines": 1},
    {"order": "O-1020", "customer": "Per Moe", "city": "Molde", "total": 1250.0, "lines": 9},
    {"order": "O-1021", "customer": "Sara Lind", "city": "Molde", "total": 64.9, "lines": 3},
    {"order": "O-1022", "customer": "Ingrid Dahl", "city": "Molde", "total": 318.75, "lines": 5},
]


def order_customer(order):
    text(order, "order")
    for row in ORDERS:
        if row["order"] == order:
            return {"customer": row["customer"], "city": row["city"]}
    return {"error": f"there is no order {order}"}


def customer_total(customer, minimum=0):
    text(customer, "customer")
    whole(minimum, "minimum")
    rows = [row for row in ORDERS if row["customer"] == customer and row["total"] >= minimum]
    if not rows:
        return {"error": f"there is no customer {customer}"}
    return {"orders": len(rows), "total": round(sum(row["total"] for row in rows), 2)}


def scale(amount, percent):
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise TypeError("amount must be a number")
    whole(percent, "percent")
    return {"amount": round(amount * percent / 100, 2)}
'''

DESK = '''
import copy

from checked import text

_state = {}


def load(state):
    _state.clear()
    _state.update(copy.deepcopy(state))


def dump():
    return copy.deepcopy(_state)


def ticket_status(ticket):
    text(ticket, "ticket")
    if ticket not in _state["tickets"]:
        return {"error": f"there is no ticket {ticket}"}
    return {"status": _state["tickets"][ticket]["status"], "owner": _state["tickets"][ticket]["owner"]}


def close_ticket(ticket, note=""):
    text(ticket, "ticket")
    text(note, "note")
    if ticket not in _state["tickets"]:
        return {"error": f"there is no ticket {ticket}"}
    _state["tickets"][ticket].update(status="closed", note=note)
    return {"closed": ticket}
'''

FILES = '''
import copy


class Files:
    def __init__(self):
        self.folders, self.here = {}, "home"

    def load(self, state):
        self.folders, self.here = copy.deepcopy(state["folders"]), state["here"]

    def dump(self):
        return {"folders": copy.deepcopy(self.folders), "here": self.here}

    def cd(self, folder):
        if folder not in self.folders:
            return {"error": f"cd: {folder}: no such folder"}
        self.here = folder
        return {"here": folder}

    def ls(self):
        return {"names": self.folders[self.here]}

    def touch(self, name):
        self.folders[self.here].append(name)
        return None


files = Files()
'''


def schema(name: str, description: str, properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": name, "description": description, "parameters": {
        "type": "object", "properties": properties, "required": [each for each in properties if each not in optional]}}


def goal(name: str, tool: str, arguments: Any, response: Any, answer: Any, match: Match, *after: str) -> Goal:
    return Goal(name, tool, arguments, response, answer, match, list(after))


def environment(turns: list[EnvironmentTurn], tools: list[EnvironmentTool], modules: list[Module], world: World,
                answer: Any = None) -> Environment:
    goals = sum(len(turn.goals) for turn in turns)
    row: Environment = new_row(
        Environment, question_id=None, source="hand", domain="shop", language="en", license=None, turns=turns, tools=tools,
        modules=modules, world=world, answer=answer, audit=[], hackability=None, split_keys=[], models={},
        difficulty=EnvironmentDifficulty(2, goals, len(tools), len(turns)),
    )
    return row


TEXT = {"type": "string", "description": "As it is written."}


def orders() -> Environment:
    """Functions of their arguments, one after the other."""
    turn = EnvironmentTurn("What is 20 percent of what the customer of order O-1017 has ordered in all?", [
        goal("customer", "order_customer", {"order": "O-1017"}, {"customer": "Ingrid Dahl", "city": "Bergen"}, "Ingrid Dahl",
             Match("exact", "customer")),
        goal("total", "customer_total", {"customer": "Ingrid Dahl"}, {"orders": 3, "total": 1327.35}, 1327.35,
             Match("number", "total", 0.005), "customer"),
        goal("share", "scale", {"amount": 1327.35, "percent": 20}, {"amount": 265.47}, 265.47, Match("number", "amount", 0.005),
             "total"),
    ])
    number = {"type": "number", "description": "An amount of money."}
    whole = {"type": "integer", "description": "A whole number."}
    tools = [
        EnvironmentTool("order_customer", schema("order_customer", "Who ordered.", {"order": TEXT}), "orders.order_customer"),
        EnvironmentTool("customer_total", schema("customer_total", "What a customer ordered in all.", {
            "customer": TEXT, "minimum": {**whole, "default": 0}}, ("minimum",)), "orders.customer_total"),
        EnvironmentTool("scale", schema("scale", "A share of an amount.", {"amount": number, "percent": whole}), "orders.scale"),
    ]
    modules = [Module("checked", CHECKED), Module("orders", ORDERS)]
    return environment([turn], tools, modules, World(None, None, None, [], None), 265.47)


def desk() -> Environment:
    """A tool that reads a state and one that changes it."""
    before = {"tickets": {f"T-{number}": {"status": "open", "owner": owner, "note": ""}
                          for number, owner in ((311, "Kamala"), (312, "Ravindra"), (313, "Sunita"), (314, "Deepika"))}}
    after = {"tickets": {**before["tickets"], "T-312": {"status": "closed", "owner": "Ravindra", "note": "paid"}}}
    turn = EnvironmentTurn("Who has ticket T-312? Close it with the note paid.", [
        goal("owner", "ticket_status", {"ticket": "T-312"}, {"status": "open", "owner": "Ravindra"}, "Ravindra",
             Match("exact", "owner")),
        goal("closed", "close_ticket", {"ticket": "T-312", "note": "paid"}, {"closed": "T-312"},
             {"tickets": {"T-312": {"status": "closed"}}}, Match("state"), "owner"),
    ])
    tools = [
        EnvironmentTool("ticket_status", schema("ticket_status", "How it is.", {"ticket": TEXT}), "desk.ticket_status"),
        EnvironmentTool("close_ticket", schema("close_ticket", "Closes a ticket.", {
            "ticket": TEXT, "note": {**TEXT, "default": ""}}, ("note",)), "desk.close_ticket"),
    ]
    world = World(before, "desk.load", "desk.dump", [], after)
    return environment([turn], tools, [Module("checked", CHECKED), Module("desk", DESK)], world)


def files() -> Environment:
    """Methods of an object over two turns, whose goals are the calls themselves."""
    turns = [
        EnvironmentTurn("Go to work and look.", [
            goal("cd", "cd", {"folder": "work"}, {"here": "work"}, None, Match("call")),
            goal("ls", "ls", {}, {"names": ["plan.txt"]}, None, Match("call"), "cd")]),
        EnvironmentTurn("Make done.txt there.", [goal("touch", "touch", {"name": "done.txt"}, None, None, Match("call"))]),
    ]
    tools = [
        EnvironmentTool("cd", schema("cd", "Goes to a folder.", {"folder": TEXT}), "files.files.cd"),
        EnvironmentTool("ls", schema("ls", "Lists the folder.", {}), "files.files.ls"),
        EnvironmentTool("touch", schema("touch", "Makes a file.", {"name": TEXT}), "files.files.touch", 1),
    ]
    before = {"folders": {"home": [], "work": ["plan.txt"]}, "here": "home"}
    world = World(before, "files.files.load", "files.files.dump", [], {"folders": {"home": [], "work": ["plan.txt", "done.txt"]},
                                                                     "here": "work"})
    return environment(turns, tools, [Module("files", FILES)], world)


def released() -> Environment:
    """The released form of ASTRA's rows: one function, texts as answers, a table inside the function."""
    source = '''
def get_capacity(station: str, unit: str = "MW") -> str:
    stations = {"Sundal": 412, "Orkla": 187, "Glomma": 655, "Numedal": 98}
    if not isinstance(station, str) or not isinstance(unit, str):
        return "Error: station and unit must be texts"
    if station not in stations:
        return f"Error: unknown station {station}"
    if unit not in ("MW", "kW"):
        return "Error: unit must be MW or kW"
    value = stations[station] * (1000 if unit == "kW" else 1)
    return f"The capacity of {station} is {value} {unit}."
'''
    turn = EnvironmentTurn("What can the plant at Glomma give?", [
        goal("1", "get_capacity", {"station": "Glomma"}, "The capacity of Glomma is 655 MW.", "655", Match("text"))])
    tool = EnvironmentTool("get_capacity", schema("get_capacity", "Capacity of a plant.", {
        "station": TEXT, "unit": {"type": "string", "enum": ["MW", "kW"], "default": "MW"}}, ("unit",)), "tool.get_capacity")
    return environment([turn], [tool], [Module("tool", source)], World(None, None, None, [], None))


SOUND = {"orders": orders, "desk": desk, "files": files, "released": released}
