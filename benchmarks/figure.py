"""A figure: something measured, against its target.

    figure = at_most("writer, CPU against plain pyarrow", 1.31, 1.5, "x")
    show([figure])          # one line, ends in PASS or FAIL
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, as text, and whether it meets its target."""

    name: str
    value: str
    target: str
    passed: bool


def at_most(name: str, value: float, limit: float, unit: str) -> Figure:
    return Figure(name, f"{value:.2f} {unit}", f"<= {limit:g} {unit}", value <= limit)


def at_least(name: str, value: float, limit: float, unit: str = "") -> Figure:
    return Figure(name, f"{value:.4g} {unit}".strip(), f">= {limit:g} {unit}".strip(), value >= limit)


def equal(name: str, value: object, wanted: object) -> Figure:
    return Figure(name, str(value), f"= {wanted}", value == wanted)


def show(figures: Iterable[Figure]) -> bool:
    """Print one line for each figure. True if all passed."""
    passed = True
    for figure in figures:
        print(f"{figure.name:<58}{figure.value:>16}{figure.target:>16}  {'PASS' if figure.passed else 'FAIL'}", flush=True)
        passed = passed and figure.passed
    return passed


def stored(file: Path, told: Callable[[Any], Iterable[str]], figures: Callable[[Any], list[Figure]], maker: str) -> list[Figure]:
    """What was measured before: prints its table, and gives its figures. Nothing where no file is, which `maker` makes."""
    if not file.is_file():
        print(f"there is no {file}: {maker} makes one")
        return []
    found = json.loads(file.read_bytes())
    print("\n".join(told(found)))
    return figures(found)


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB (10**6 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def python(*arguments: str) -> str:
    """Standard output of `python ARGUMENTS` run from the repository's root, in a process of its own."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
