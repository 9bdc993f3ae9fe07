"""A sound environment that is easy to take for a cheat: many towns share a region, sums commute, bands are wide, names may be
written in any case, results are lists and nested objects, an error says what is known, and options may be left out."""

from audit.sound import CHECKED, TEXT, environment, goal, schema

from astra_data.rows import Environment
from astra_data.rows.environments import EnvironmentTool, EnvironmentTurn, Match, Module, World

TOWNS = '''
from checked import text, whole

TOWNS = {
    "Oskar Bay": {"region": "north", "people": 3120}, "Lindholm": {"region": "north", "people": 845},
    "Torvik": {"region": "north", "people": 12900}, "Eastmere": {"region": "south", "people": 3120},
    "Wendle": {"region": "south", "people": 610}, "Karlsund": {"region": "north", "people": 7100},
    "Hollow": {"region": "west", "people": 92}, "Nes": {"region": "west", "people": 1500},
}


def town_region(town):
    """Case and spaces around are forgiven."""
    for name, row in TOWNS.items():
        if name.casefold() == text(town, "town").strip().casefold():
            return {"found": {"name": name, "region": row["region"]}}
    return {"success": False, "message": "no such town"}


def town_people(town):
    if text(town, "town") not in TOWNS:
        raise KeyError("no such town")
    return TOWNS[town]["people"]


def towns_of(region, smallest=0, order=None):
    text(region, "region")
    whole(smallest, "smallest")
    if order not in (None, "name", "people"):
        return {"error": "order is name or people"}
    names = [name for name, row in TOWNS.items() if row["region"] == region and row["people"] >= smallest]
    if not names:
        return {"error": "unknown region; the regions are north, south, west"}
    if order:
        names.sort(key=lambda name: name if order == "name" else TOWNS[name]["people"])
    return {"towns": [{"name": name} for name in names], "names": names}


def add(one, other):
    for value in (one, other):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "Error: give two numbers"
    return {"sum": one + other}


def band(people):
    whole(people, "people")
    return {"band": "village" if people < 1000 else "small town" if people < 10_000 else "town"}
'''


def coarse() -> Environment:
    large = ["Oskar Bay", "Torvik", "Karlsund"]
    turn = EnvironmentTurn(
        "In which region is Oskar Bay, and which towns with at least 3000 people are there? "
        "What kind of place is it? What are its people and 1290 more together?", [
            goal("region", "town_region", {"town": "Oskar Bay"}, {"found": {"name": "Oskar Bay", "region": "north"}}, "north",
                 Match("exact", "found.region")),
            goal("towns", "towns_of", {"region": "north", "smallest": 3000}, {
                "towns": [{"name": name} for name in large], "names": large}, sorted(large), Match("set", "names"), "region"),
            goal("people", "town_people", {"town": "Oskar Bay"}, 3120, 3120, Match("number")),
            goal("sum", "add", {"one": 3120, "other": 1290}, {"sum": 4410}, 4410, Match("number", "sum"), "people"),
            goal("band", "band", {"people": 3120}, {"band": "small town"}, "small town", Match("exact", "band"), "people"),
        ])
    number, whole = {"type": "number", "description": "A number."}, {"type": "integer", "description": "A whole number."}
    order = {"type": "string", "enum": ["name", "people"], "description": "How to sort."}
    tools = [EnvironmentTool(name, schema(name, said, properties, free), f"towns.{name}") for name, said, properties, free in (
        ("town_region", "Where a town is.", {"town": TEXT}, ()),
        ("towns_of", "Towns of a region.", {"region": TEXT, "smallest": {**whole, "default": 0}, "order": order},
         ("smallest", "order")),
        ("town_people", "How many live in a town.", {"town": TEXT}, ()),
        ("add", "Adds two numbers.", {"one": number, "other": number}, ()),
        ("band", "What kind of place has so many people.", {"people": whole}, ()),
    )]
    return environment([turn], tools, [Module("checked", CHECKED), Module("towns", TOWNS)], World(None, None, None, [], None),
                       "small town")
