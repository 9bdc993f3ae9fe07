"""What a stranger writes into the code of an environment and around it: names of modules, entries, states, and ways out."""

import json
from typing import Any

from benchmarks.hostile.lures import Lures
from benchmarks.hostile.sites import Site, Spoil
from benchmarks.hostile.spoiling import spoiled
from benchmarks.hostile.texts import DUNDERS, MODULES, Raw, deep, name, number, path, shell, text, value, wide
from benchmarks.hostile.versions import Draft

Json = dict[str, Any]


def modules(site: Site, draft: Draft) -> None:
    """Modules called as something that is there already, or as no module can be; what is outside of them may load them."""
    rng = site.rng
    for row in draft.rows:
        module = rng.choice(row["modules"])
        old, new = module["name"], rng.choice((rng.choice(MODULES), name(rng, site.lures), path(rng, site.lures),
                                               shell(rng, site.lures)))
        module["name"] = new
        if rng.random() < 0.8:
            _rename(row, old, new)


def entries(site: Site, draft: Draft) -> None:
    """Entries that lead to something else than a function of the module."""
    rng = site.rng
    for row in draft.rows:
        first = row["modules"][0]["name"]
        aims = ("os.system", "builtins.eval", "builtins.exec", "sys.exit", f"{first}.{rng.choice(DUNDERS)}",
                f"{first}.__builtins__.eval", "",
                ".", f"{first}.", f"{first}..x", "subprocess.run", "importlib.import_module", "ctypes.CDLL",
                f"{first}" + ".x" * 5_000,
                f"{first}.__loader__", f"x';{site.lures.python(rng)};'", name(rng, site.lures))
        for tool in row.get("tools") if draft.kind == "environments" else row["entries"]:
            if rng.random() < 0.7:
                tool["entry"] = rng.choice(aims)
        if rng.random() < 0.4:
            row["world"] |= {"load": rng.choice(aims), "dump": rng.choice(aims), "initial_state": [site.lures.shell(rng)]}


def code(site: Site, draft: Draft) -> None:
    """Code that reaches for files, keys, the network and processes, when it is loaded or called, or that does not end."""
    rng = site.rng
    for row in draft.rows:
        module = rng.choice(row["modules"])
        module["source"] = rng.choice((
            f"{way_out(site, at_call=False)}\n{module['source']}", f"{module['source']}\n{way_out(site, at_call=False)}",
            module["source"].replace("):\n", f"):\n    {way_out(site, at_call=True)}\n", 1)))


def states(site: Site, draft: Draft) -> None:
    """States, answers and tolerances that are no JSON or compare with nothing."""
    rng = site.rng
    for row in draft.rows:
        drawn = rng.choice((number(rng), {"x": number(rng)}, deep(rng), wide(rng), value(rng, site.lures),
                            Raw('{"a": NaN, "a": 1e999}')))
        row["world"] |= {rng.choice(("initial_state", "final_state")): drawn}
        for turn in row["turns"]:
            for goal in turn["goals"]:
                goal[rng.choice(("arguments", "response", "answer"))] = rng.choice((drawn, number(rng), value(rng, site.lures)))
                goal["match"] |= {"kind": rng.choice(("exact", "number", "text", "set", "json", "call", "state",
                                                      text(rng, site.lures))),
                                  "path": rng.choice((None, "", "a" + ".a" * 3_000, rng.choice(DUNDERS), path(rng, site.lures)))}
                goal["after"] = rng.choice(([], [goal["id"]], [one["id"] for one in turn["goals"]], [text(rng, site.lures)]))
    draft.refit = rng.random() < 0.7


def sources(site: Site, draft: Draft) -> None:
    """Sources that are no Python, or that take long to read: nested, endless, with names of packages that nobody has."""
    rng = site.rng
    deep_ones = ("(" * 300 + ")" * 300, "-" * 30_000 + "1", "x = " + "[" * 90 + "]" * 90, "1" + "+1" * 60_000,
                 "lambda: " * 2_000 + "1",
                 "x" + ".x" * 60_000, "if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 120)) + " " * 120 + "x", "\0",
                 "\ud7ff" * 9,
                 "# -*- coding: rot13 -*-\nvzcbeg bf", "f'{" * 60 + "}'" * 60, f"x = {'9' * 5_000}", f"x = 10 ** {'9' * 4}",
                 "x = 9 ** 9 ** 9",
                 f"import {', '.join(f'evil_{number}' for number in range(2_000))}", "import evil_package_of_a_stranger; x",
                 f"from evil import x\nRUN = '{site.lures.shell(rng)}'", "from __future__ import annotations, barry_as_FLUFL",
                 "import \u0435vil", "\ufeffimport os", "class x(metaclass=type('x', (type,), {})): pass", "def f(:",
                 "\t\x0cx = 1", "'" * 9_999)
    for row in draft.rows:
        module = rng.choice(row["modules"])
        drawn = rng.choice(deep_ones)
        module["source"] = rng.choice((drawn, f"{module['source']}\n{drawn}\n", f"{drawn}\n{module['source']}"))


def schemas(site: Site, draft: Draft) -> None:
    """Tools whose schemas are spoiled, and whose names are something else to a shell, a path, or Python."""
    rng = site.rng
    for row in draft.rows:
        for index, tool in enumerate(row["tools"]):
            holder = tool["schema"] if draft.kind == "environments" else tool["function"]
            if rng.random() < 0.5:
                spoilt = spoiled(rng, holder, site.lures, rng.randint(1, 3))
                row["tools"][index] = tool | {"schema" if draft.kind == "environments" else "function": spoilt}
            elif rng.random() < 0.5:
                new = rng.choice((name, path, shell, text))(rng, site.lures)
                row["tools"][index] = json.loads(json.dumps(row["tools"][index]).replace(json.dumps(holder["name"]),
                                                                                         json.dumps(new)))
        for turn in row["turns"]:
            turn["user"] += rng.choice(("{user}", "{0.__class__}", shell(rng, site.lures), text(rng, site.lures)))
    draft.refit = rng.random() < 0.8


def _rename(row: Json, old: str, new: str) -> None:
    """Let what led to the module lead to its new name."""
    for tool in [*row["tools"], *row.get("entries", [])]:
        if isinstance(tool.get("entry"), str) and tool["entry"].startswith(f"{old}."):
            tool["entry"] = f"{new}{tool['entry'].removeprefix(old)}"
    for part in ("load", "dump"):
        entry = row["world"][part]
        if isinstance(entry, str) and entry.startswith(f"{old}."):
            row["world"][part] = f"{new}{entry.removeprefix(old)}"


def way_out(site: Site, *, at_call: bool) -> str:
    """One line of code that does what no tool may."""
    rng, lures = site.rng, site.lures
    secret, port = str(lures.secret(rng)), lures.port
    tell = f"open({secret!r}).read()"
    found = (
        lures.python(rng), "import os; os.environ.update(x=str(dict(os.environ)))",
        f"import socket; socket.create_connection(('127.0.0.1', {port}))",
        f"import urllib.request; urllib.request.urlopen('{lures.url(rng)}')", "import os; os.kill(os.getppid(), 9)",
        "import os; os.fork()",
        "import os; os._exit(0)", "import sys; sys.exit(3)", "while True: pass", "x = [0] * 10 ** 10", "x = 'a' * 10 ** 9",
        "10 ** 10 ** 8",
        "import time; time.sleep(600)", "import ctypes; ctypes.string_at(0)", "import gc; [o for o in gc.get_objects() if 0]",
        "import sys; sys.settrace(lambda *a: None); sys.setrecursionlimit(10 ** 9)", "(lambda f: f(f))(lambda f: f(f))",
        "import signal, os; os.killpg(0, 9)", "import threading; [threading.Thread(target=print).start() for _ in range(9999)]",
        "import sys; sys.modules.clear()", "print('\\x1b[31m' * 10 ** 6)", "raise BaseException('\\x1b]0;x\\x07')",
        "raise SystemExit('[/x]')",
        "raise KeyboardInterrupt", "raise GeneratorExit", "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
        "import os; os.write(1, b'{}\\n' * 999)",
        "import os; os.closerange(0, 99)", "import faulthandler; faulthandler._sigsegv()",
        "import pickle; pickle.loads(b'cos\\nsystem\\n(Vid\\ntR.')",
        _classes(lures),
    )
    read = (f"return {tell}", "import os; return dict(os.environ)", "return '\\ud800'", "return float('nan')",
            "return {1: {2: object()}}",
            "return 'x' * 10 ** 8", "x = []; x.append(x); return x", "return type('x', (dict,), {'__len__': lambda s: 1 / 0})()",
            "return type('x', (str,), {'__class__': int})('x')", "return 10 ** 5000", "return {'\\x1b[31m': '[/x]'}",
            "return ...",
            "import os; return sorted(os.listdir('/proc'))", "return open('/proc/self/environ').read()",
            "return {'a' * 10 ** 6: 1}",
            "x = {}\n    for _ in range(10 ** 5): x = {'a': x}\n    return x",
            "return type('x', (list,), {'__iter__': lambda s: iter(int, 1)})()")
    return str(rng.choice((*found, *read) if at_call else (*found, f"SECRET = {tell}", "import antigravity", "global x")))


def _classes(lures: Lures) -> str:
    classes = "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0]"
    return f"{classes}(['touch', '{lures.folder}/touched/classes'])"


CODE: dict[str, Spoil] = {"modules": modules, "entries": entries, "code": code, "states": states, "sources": sources,
                          "schemas": schemas}
