"""The files of one Harbor task, as text.

    files_of(environment)["instruction.md"]

Tools run in a container of their own behind an MCP server that logs every call; the agent's container has neither their sources
nor the goals. The verifier takes the log, and runs our goals and reward, file for file, with the standard library alone.
"""

import functools
import json
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

import astra_data
from astra_data.formats.standalone import packages
from astra_data.rollout.goals import ask_for_state
from astra_data.rows import Environment, to_dict

TASK, INSTRUCTION, TOOLS, GOALS = "task.toml", "instruction.md", "environment/tools/environment.json", "tests/goals.json"
NEXT = "next_message"
IMAGE = "python:3.12-slim"
INSTALLABLE = {"dateutil": "python-dateutil", "mpmath": "mpmath", "numpy": "numpy", "pandas": "pandas", "pytz": "pytz",
               "scipy": "scipy", "sympy": "sympy"}
"""Module -> the package that is installed for tools that import it: a name that a source makes up may be anybody's."""
VERBATIM = ("messages.py", "nesting.py", "rows/environments.py", "rollout/goals.py", "rollout/reward.py", "text/composed.py",
            "text/occurrences.py")
"""Modules of ours that the verifier runs, file for file."""
PACKAGES = ("__init__.py", "rows/__init__.py", "rollout/__init__.py", "text/__init__.py")
STUBS = {"rows/schema.py": "from typing import Any as Json\n", **dict.fromkeys(PACKAGES, "")}

TASK_TOML = """schema_version = "1.1"

[task]
name = {name}
description = {description}
keywords = {keywords}

[metadata]
category = {category}

[metadata.astra]
environment = {environment}

[verifier]
timeout_sec = 120.0
user = "root"

[agent]
timeout_sec = 1800.0
user = "agent"

[environment]
build_timeout_sec = 600.0
cpus = 1
memory_mb = 2048
storage_mb = 4096

[[environment.mcp_servers]]
name = "tools"
transport = "streamable-http"
url = "http://tools:8000/mcp"
"""
INSTRUCTIONS = """{user}

---

The tools for this are behind the MCP server `tools`. From a shell, `tool` lists them and `tool NAME '{{"argument": "value"}}'`
calls one.{more} Every call counts: make those that are needed, and no others.
"""
MORE = " When you have done what was asked, the tool `{next}` tells what the user says next; go on until there is nothing more."
DOCKERFILE = f"""FROM {IMAGE}
RUN useradd --create-home agent
COPY tool.py /usr/local/bin/tool
RUN chmod 755 /usr/local/bin/tool
WORKDIR /app
"""
TOOLS_DOCKERFILE = """FROM {image}
{install}WORKDIR /tools
COPY server.py environment.json ./
ENV PYTHONHASHSEED=0
USER nobody
CMD ["python", "server.py", "environment.json", "8000"]
"""
COMPOSE = """services:
  main:
    depends_on:
      tools:
        condition: service_healthy
  tools:
    build:
      context: ./tools
    healthcheck:
      test: ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/calls')"]
      interval: 1s
      timeout: 5s
      retries: 30
"""
TEST_SH = """#!/bin/sh
set -e
mkdir -p /logs/verifier
python3 -I /tests/verify.py /tests/goals.json http://tools:8000/calls /logs/verifier
"""


def files_of(environment: Environment) -> dict[str, str]:
    """The files of one task: path inside its folder -> text."""
    more = MORE.format(next=next_tool(environment)) if len(environment.turns) > 1 else ""
    needed = sorted(INSTALLABLE[name] for name in packages_of(environment))
    install = f"RUN pip install --no-cache-dir {' '.join(needed)}\n" if needed else ""
    return {
        TASK: task_toml(environment),
        INSTRUCTION: INSTRUCTIONS.format(user=environment.turns[0].user, more=more),
        "environment/Dockerfile": DOCKERFILE,
        "environment/docker-compose.yaml": COMPOSE,
        "environment/tool.py": _file("tool.py"),
        "environment/tools/Dockerfile": TOOLS_DOCKERFILE.format(image=IMAGE, install=install),
        "environment/tools/server.py": _file("server.py"),
        TOOLS: _json(tools_of(environment)),
        "tests/test.sh": TEST_SH,
        "tests/verify.py": _file("verify.py"),
        GOALS: _json(goals_file(environment)),
        **_verifier_modules(),
        "solution/solve.sh": solution(environment),
    }


def packages_of(environment: Environment) -> set[str]:
    """What the tools import beyond their own modules and the standard library."""
    return packages((module.source for module in environment.modules), (module.name for module in environment.modules))


def tools_of(environment: Environment) -> Any:
    """What the tool server is given: no goal, no answer, no gold call."""
    row = to_dict(environment)
    return {
        "tools": row["tools"], "modules": row["modules"], "users": [turn.user for turn in environment.turns],
        "world": {name: row["world"][name] for name in ("initial_state", "load", "dump")},
        "states": ask_for_state(environment.turns), "next": next_tool(environment),
    }


def goals_file(environment: Environment) -> Any:
    """What the verifier is given."""
    parameters = {tool.name: tool.schema.get("parameters", {}) for tool in environment.tools}
    return {"turns": to_dict(environment)["turns"], "parameters": parameters}


def next_tool(environment: Environment) -> str:
    """A name for the tool that tells the user's next message, unlike all others."""
    name, names = NEXT, {tool.name for tool in environment.tools}
    while name in names:
        name += "_"
    return name


def solution(environment: Environment) -> str:
    """The gold calls as a shell script; it says so where a call is not known."""
    lines = ["#!/bin/sh"]
    for index, turn in enumerate(environment.turns):
        lines += [f"tool {shlex.quote(next_tool(environment))}"] if index else []
        for goal in turn.goals:
            call = f"tool {shlex.quote(goal.tool)} {shlex.quote(json.dumps(goal.arguments, ensure_ascii=False))}"
            lines.append(f"# the call for goal {goal.id!r} is not known" if goal.arguments is None else call)
    return "\n".join([*lines, "exit 0", ""])


def task_toml(environment: Environment) -> str:
    """The text of task.toml. The environment is a literal string, in which TOML has no escapes: they are left to JSON."""
    text = orjson.dumps(to_dict(environment)).decode().replace("'", "\\u0027").replace("\x7f", "\\u007f")
    return TASK_TOML.format(
        name=_toml(f"astra/{environment.id}"), description=_toml(f"{environment.domain}: {environment.turns[0].user[:200]}"),
        keywords=_toml(["astra", environment.source]), category=_toml(environment.domain), environment=f"'{text}'",
    )


@functools.cache
def _file(name: str) -> str:
    return resources.files("astra_data.formats.harbor_files").joinpath(name).read_text(encoding="utf-8")


@functools.cache
def _verifier_modules() -> dict[str, str]:
    ours = Path(astra_data.__file__).parent
    copied = {name: (ours / name).read_text(encoding="utf-8") for name in VERBATIM}
    return {f"tests/astra_data/{name}": text for name, text in (STUBS | copied).items()}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _toml(value: Any) -> str:
    """A string or a list of them; JSON is TOML here but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
