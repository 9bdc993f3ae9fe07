"""A bfcl-eval of our own in the layout of the real one: one small class with a state, one without, an entry per category.

    write(folder)                # folder/bfcl_eval
    write(folder, base=["open(name=path)"])
"""

import json
from pathlib import Path
from typing import Any

CATEGORIES = ("base", "miss_func", "miss_param", "long_context")

NOTES = '''import subprocess
from fractions import Fraction

from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.long_context import (
    FILLER,
)


class Note:
    def __init__(self, text, parent):
        self.text, self.parent, self._touched = text, parent, 0


class Notes:
    def __init__(self):
        self.notes = {}

    def _load_scenario(self, scenario, long_context=False):
        self.long_context, self.title = long_context, ""
        self.notes = {int(key): Note(text, self) for key, text in scenario.get("notes", {}).items()}

    def add(self, text, tags=[]):
        number = len(self.notes) + 1
        self.notes[number] = Note(text + (FILLER if self.long_context else ""), self)
        return {"number": number, "tags": tags}

    def name(self, title):
        self.title = title

    def count(self):
        return {"count": len(self.notes)}

    def drop(self, number):
        if number not in self.notes:
            return {"error": "no such note"}
        del self.notes[number]
        return None
'''
MATHS = '''from fractions import Fraction


class Maths:
    def halve(self, value):
        return {"result": Fraction(value, 2)}

    def fail(self):
        raise RuntimeError("never works")
'''
DOCUMENTS = {
    "notes": [
        ("add", {"text": {"type": "String"}, "tags": {"type": "tuple", "items": {"type": "float"}, "default": "None"}}, ["text"]),
        ("name", {"title": {"type": "string"}}, ["title"]),
        ("count", {}, []),
        ("drop", {"number": {"type": "integer"}, "why": {"type": "any"}}, ["number"]),
    ],
    "maths": [("halve", {"value": {"type": "int"}}, ["value"]), ("fail", {}, [])],
}
TRUTH = {
    "base": [["add('one', (1, 2))", "count()", "add(text='two')"], ["halve(3)", "drop(number='2')"]],
    "miss_func": [[], ["add(text='one')"]],
    "miss_param": [["name('a')", "name('b')", "count()"], []],
    "long_context": [["add('one')"], ["count()"]],
}


def write(folder: Path, truth: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write the package; `truth` replaces ground truths by category, `changes` fields of the entry of `base`."""
    package = folder / "bfcl_eval"
    sources = package / "eval_checker/multi_turn_eval/func_source_code"
    for part in (sources, package / "data/possible_answer", package / "data/multi_turn_func_doc"):
        part.mkdir(parents=True)
    for name, text in (("notes", NOTES), ("maths", MATHS), ("long_context", "FILLER = ' and so on'\n")):
        (sources / f"{name}.py").write_text(text)
    for name, tools in DOCUMENTS.items():
        (package / f"data/multi_turn_func_doc/{name}.json").write_text("\n".join(json.dumps(document(*tool)) for tool in tools))
    for category in CATEGORIES:
        name = f"BFCL_v4_multi_turn_{category}.json"
        calls = (TRUTH | (truth or {}))[category]
        entry = entry_of(category) | (changes if category == "base" else {})
        (package / "data" / name).write_text(json.dumps(entry))
        (package / "data/possible_answer" / name).write_text(json.dumps({"id": entry["id"], "ground_truth": calls}))
    return package


def document(name: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    parameters = {"type": "dict", "properties": properties, "required": required}
    return {"name": name, "description": f"Does {name}.", "parameters": parameters, "response": {"type": "dict"}}


def entry_of(category: str) -> dict[str, Any]:
    said = [[{"role": "user", "content": "Do this."}], [{"role": "user", "content": "And that."}]]
    late = {"question": [said[0], []], "missed_function": {"1": ["add"]}}
    return {
        "id": f"multi_turn_{category}_7", "question": said, "initial_config": {"Notes": {"notes": {}}},
        "involved_classes": ["Notes", "Maths"], "path": [],
    } | (late if category == "miss_func" else {}) | ({"excluded_function": ["drop"]} if category == "miss_param" else {})
