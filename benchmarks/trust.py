"""The tests that the page of trust names, run as whoever runs this, and as a user without rights.

    python -m benchmarks.trust [PAGE]

The page has a table: a thing that comes in, what it can do at most, and the tests that show it, each as the path of a file, two
colons and a function, in backquotes. One line for each thing and user says how many of its tests passed. The user without rights
has a copy of the checkout, a home and caches of its own; only root can become that user: others are told that root was not tried.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.figure import ROOT, Figure, show
from benchmarks.unprivileged import Place, UnreadableError

PAGE = ROOT / "docs" / "trust.md"
TEST = re.compile(r"`(tests/[\w/.-]+\.py::\w+)`")
THING = 40
"""Characters of a thing's name in a line of figures."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the page: a thing that comes in, and the tests that show what it can do at most."""

    thing: str
    tests: tuple[str, ...]


def claims(page: str) -> list[Claim]:
    """The rows of all tables of a page whose head names tests. A row without a test is a claim without any."""
    found, heads = [], False
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            heads = False
        elif not heads:
            heads = bool(re.search(r"\btests?\b", cells[-1]))
        elif heads and not set(line) <= set("|-: "):
            found.append(Claim(cells[0], tuple(dict.fromkeys(TEST.findall(line)))))
    return found


def run(tests: Iterable[str], root: Path, python: str, environ: Mapping[str, str], **user: object) -> dict[str, Counter[str]]:
    """Run tests of a checkout; test -> how many of its cases `passed`, `failed`, were `skipped`; none for what did not run."""
    chosen = sorted(set(tests))
    with tempfile.TemporaryDirectory(dir=environ.get("TMPDIR")) as folder:
        Path(folder).chmod(0o777)
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *chosen]
        done = subprocess.run(command, cwd=root, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, **user)  # type: ignore[call-overload]
        if done.returncode:
            print(done.stdout[-4_000:])
        return counted(report.read_text()) if report.is_file() else {}


def counted(report: str) -> dict[str, Counter[str]]:
    """The outcomes of a JUnit report by test, its parameters left out."""
    found: dict[str, Counter[str]] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        kinds = {part.tag for part in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}"
        found.setdefault(test, Counter())[outcome] += 1
    return found


def judged(made: Sequence[Claim], ran: Mapping[str, Counter[str]], user: str) -> list[Figure]:
    """One figure for each claim: all of its tests ran, none failed, and some were not skipped."""
    figures = []
    for claim in made:
        total = sum((ran.get(test, Counter()) for test in claim.tests), Counter())
        missing = [test for test in claim.tests if test not in ran]
        said = ", ".join(f"{total[kind]} {kind}" for kind in ("passed", "failed", "skipped") if total[kind]) or "nothing ran"
        passed = bool(total["passed"]) and not total["failed"] and not missing
        figures.append(Figure(f"{claim.thing[:THING]}, as {user}", said, f"of {len(claim.tests)} tests", passed))
        for test in missing:
            print(f"{test}: did not run as {user}")
    return figures


def figures(page: Path = PAGE) -> list[Figure]:
    """All claims, as whoever runs this, and if that is root as a user without rights."""
    made = claims(page.read_text(encoding="utf-8")) if page.is_file() else []
    if not made:
        return [Figure(f"trust: {page.name} claims", "nothing", "a table", False)]
    tests = [test for claim in made for test in claim.tests]
    if os.getuid():
        return [*judged(made, run(tests, ROOT, sys.executable, os.environ), "one without rights"),
                Figure("trust: root", "not tried", "only root can", True)]
    found = judged(made, run(tests, ROOT, sys.executable, os.environ), "root")
    try:
        with Place.made(ROOT) as place:
            ran = run(tests, place.checkout, place.python, place.environ, **place.user)
    except UnreadableError as error:
        return [*found, Figure(f"trust: a user without rights: {error}", "not tried", "must be", False)]
    return [*found, *judged(made, ran, "nobody")]


if __name__ == "__main__":
    sys.exit(not show(figures(*map(Path, sys.argv[1:2]))))
