"""What a command did that it may not do, told from how it ended and from what it left.

    found = judged(site, command, ended, before, sound_s)
    found.touched, found.traceback, found.hang, found.raw
"""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import ROOT
from benchmarks.hostile.host import Ended
from benchmarks.hostile.lures import State, unpacked
from benchmarks.hostile.sites import Command, Site

PATIENCE_S = 10.0
"""How much longer than on a sound thing a command may take."""
TRACEBACK = re.compile(rb"Traceback \(most recent call last\)|^Fatal Python error|panicked at|Exception ignored in", re.MULTILINE)
CODE = re.compile(r"^(`{3,})(?!`).*?^\1`*$|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
"""What Markdown shows as it is written: blocks of code, and code inside a line."""
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but for the tab and the end of a line, and those that turn the direction of writing."""
CODES = range(2, 8)
"""Exit codes that say what was wrong."""
LITTER = (Path("/"), Path("/tmp"), ROOT)


@dataclass(frozen=True, slots=True)
class Found:
    """Empty texts where nothing is wrong."""

    touched: str
    traceback: str
    hang: str
    raw: str

    @property
    def clean(self) -> bool:
        return not (self.touched or self.traceback or self.hang or self.raw)

    def told(self) -> str:
        named = (("canary", self.touched), ("traceback", self.traceback), ("hang", self.hang), ("raw", self.raw))
        return "; ".join(f"{name}: {what}" for name, what in named if what)


def judged(site: Site, command: Command, ended: Ended, before: State, sound_s: float) -> Found:
    """`before` is the state of the lures before the command, `sound_s` how long the same command took on the sound thing."""
    late = f"{ended.stopped} after {ended.seconds:.0f} s, {ended.peak_mb:.0f} MB; {sound_s:.1f} s on the sound thing"
    traceback = "" if ended.stopped else _traceback(ended)
    return Found("; ".join(_touched(site, command, ended, before)), traceback, late if ended.stopped else "",
                 "; ".join(_raw(site, command, ended, before)))


def limit_of(command: Command, sound_s: float) -> float:
    return sound_s + PATIENCE_S + command.patience_s


def _touched(site: Site, command: Command, ended: Ended, before: State) -> Iterator[str]:
    lures = site.lures
    yield from list(lures.changed(before, command.writes))[:5]
    if lures.told_in(ended.out + ended.err):
        yield "a secret in what it says"
    yield from list(lures.told_files(before))[:3]
    if command.order.get("words", [""])[0] == "push":
        pushed = site.around.published("dataset", "org/pushed")
        yield from (f"a secret in what is pushed: {path}" for path, data in pushed.items() if lures.told_in(unpacked(data)))
    if any(lures.told_in(body) for body in site.around.endpoint.bodies):
        yield "a secret in a prompt"
    if calls := site.around.trap.calls:
        yield f"called: {calls[0][:60]!r}"
        calls.clear()
    if command.keeps and command.keeps.encode() in ended.out:
        yield f"says {command.keeps}"
    yield from (f"left running: {line}" for line in ended.left)
    yield from _litter()
    yield from _prompted(site)
    site.around.endpoint.bodies.clear()


def _litter() -> Iterator[str]:
    """Files with names of lures outside of all folders of ours. They are removed."""
    for folder in LITTER:
        for path in folder.glob("lure-*"):
            yield f"new: {path}"
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _prompted(site: Site) -> Iterator[str]:
    """Marks that stand in a prompt as they are, with their line breaks. What a rollout says is not asked of anybody."""
    for body in site.around.endpoint.bodies if site.prompts else ():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            request = json.loads(body)
            said = "\n".join(str(message.get("content")) for message in request["messages"]
                             if message["role"] in ("system", "user"))
            if "tools" not in request and (raw := next((mark for mark in site.prompts if mark in said), None)):
                yield f"a mark in a prompt: {raw[:40]!r}"
                return


def _traceback(ended: Ended) -> str:
    said = ended.out + ended.err
    if match := TRACEBACK.search(ended.err) or TRACEBACK.search(ended.out):
        lines = said[match.start():].decode(errors="replace").splitlines()
        last = next((line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception|Interrupt|Exit|Warning)\b", line)),
                    lines[-1])
        places = re.findall(r'File "[^"]*?((?:astra_data|site-packages)/[^"]*)", line (\d+)', "\n".join(lines))
        return f"{_plain(last)[:160]} at {':'.join(places[-1]) if places else '?'}"
    if ended.code < 0:
        return f"signal {-ended.code}"
    if found := re.search(rb"an inner error met .{1,200}", ended.err):
        return _plain(found[0].decode(errors="replace"))
    if ended.code and (ended.code not in CODES or not ended.err.strip()):
        return f"exit {ended.code}: {_plain(ended.err.decode(errors='replace'))[:80]}"
    return ""


def _raw(site: Site, command: Command, ended: Ended, before: State) -> Iterator[str]:
    for name, said in (("output", ended.out), ("error", ended.err)):
        if match := RAW.search(said.decode(errors="replace")):
            yield f"{match.group()!r} in standard {name}"
    writes = command.order.get("words", ["load"])[0] in ("push", "convert", "pull", "make", "run", "evaluate", "audit", "score")
    for card in _cards(site, before) if writes else ():
        text = CODE.sub("", card.decode(errors="replace"))
        if raw := next((one for one in site.markup if len(one) > 3 and one.strip() == one and _acts(one) and one in text), None):
            yield f"{_plain(raw)[:40]} on a card"
            return


def _acts(text: str) -> bool:
    """Whether a card shows the text as something else than a text."""
    return bool(re.search(r"[<\x1b]|\]\(|^#|\n#|^---|\n---", text))


def _cards(site: Site, before: State) -> Iterator[bytes]:
    """The cards that a command wrote: in the store, in a folder, on the Hub."""
    for path in (site.here / "hub").glob("*/versions/*/README.md"):
        if site.lures.is_new(path, before) and "evil-" not in path.parts[-4]:
            yield path.read_bytes()[:1_000_000]
    for path in site.here.glob("out-*/README.md"):
        yield path.read_bytes()[:1_000_000]
    yield site.around.published("dataset", "org/pushed").get("README.md", b"")


def _plain(text: str) -> str:
    return RAW.sub("?", " ".join(text.split()))
