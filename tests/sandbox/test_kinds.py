"""Every kind of outcome, and what it does to the episode."""

import math
import os
import signal

import pytest

from astra_data.errors import DataError, SandboxError, UsageError
from astra_data.sandbox import Call, Image, Limits, Outcome, Sandbox

SOURCE = '''
import enum, os, sys, time

seen = []

class Files:
    def __init__(self):
        self.here = "/"

    def cd(self, folder):
        self.here = folder
        return self.here

files = Files()

def add(a, b=2):
    seen.append(a)
    return a + b

def history(): return seen
def fails(): raise KeyError("A-17")
def declines(): raise PermissionError("not your account")
def opens(): return open("/etc/passwd").read()
def spins():
    while True: pass
def sleeps(): time.sleep(1000)
def fills(): return len(bytearray(1 << 40))
def recurses(): return recurses()
def prints(letters):
    print("é" * letters, end="")
    return "done"
def large(): return "x" * 5_000
def a_set(): return {1}
def not_a_number(): return float("nan")
def half_a_letter(): return "\\ud800"
def leaves(): sys.exit(3)
def leaves_now(): os._exit(9)
def aborts(): os.abort()
def forges(): os.write(3, b"\\x05\\x00\\x00\\x00hello")
def hangs_up():
    os.close(3)
    while True: pass
'''
IMAGE = Image((("m", SOURCE),))
LIMITS = Limits(cpu_s=0.3, wall_s=20, stdout_bytes=100, result_bytes=1000)


def outcome(sandbox: Sandbox, entry: str, limits: Limits = LIMITS, **arguments: object) -> Outcome:
    with sandbox.start(IMAGE, limits=limits) as episode:
        assert episode.loaded == Outcome("ok")
        return episode.call(f"m.{entry}", arguments)


def test_a_value_comes_back_and_state_lasts(sandbox: Sandbox) -> None:
    with sandbox.start(IMAGE) as episode:
        assert episode.call("m.add", {"a": 1}) == Outcome("ok", 3)
        assert episode.call("m.add", {"a": 5, "b": 0}).value == 5
        assert episode.call("m.history").value == [1, 5]
        assert episode.call("m.files.cd", {"folder": "/tmp"}).value == "/tmp"
        assert episode.call("m.files.here.upper").value == "/TMP"


def test_episodes_share_no_state(sandbox: Sandbox) -> None:
    with sandbox.start(IMAGE) as one, sandbox.start(IMAGE) as other:
        one.call("m.add", {"a": 1})
        assert other.call("m.history").value == []


@pytest.mark.parametrize(
    ("entry", "kind", "error_type", "alive"),
    [
        ("fails", "error", "KeyError", True),
        ("declines", "error", "PermissionError", True),
        ("opens", "forbidden", "PermissionError", True),
        ("spins", "cpu_limit", "", False),
        ("fills", "memory", "MemoryError", False),
        ("recurses", "recursion", "RecursionError", True),
        ("large", "result_too_big", "", True),
        ("a_set", "not_json", "TypeError", True),
        ("not_a_number", "not_json", "ValueError", True),
        ("half_a_letter", "not_json", "UnicodeEncodeError", True),
        ("leaves", "exit", "SystemExit", False),
        ("leaves_now", "exit", "", False),
        ("aborts", "crash", "", False),
        ("forges", "protocol", "", False),
        ("hangs_up", "protocol", "", False),
        ("nowhere", "error", "AttributeError", True),
    ],
)
def test_what_a_call_came_to(sandbox: Sandbox, entry: str, kind: str, error_type: str, alive: bool) -> None:
    with sandbox.start(IMAGE, limits=LIMITS) as episode:
        result = episode.call(f"m.{entry}")
        assert (result.kind, result.error_type, result.alive, result.value) == (kind, error_type, alive, None), result
        following = episode.call("m.add", {"a": 1})
        assert following.kind == ("ok" if alive else kind) and following.alive == alive


def test_a_call_that_sleeps_is_ended_by_the_clock_of_the_wall(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "sleeps", Limits(wall_s=0.2)).kind == "timeout"


def test_an_error_says_where_in_the_image_it_was_raised(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "fails").where == f"m.py:{SOURCE.split('def fails')[0].count(chr(10)) + 1} in fails"


def test_output_beyond_the_limit_is_cut_at_a_letter_and_said_so(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "prints", letters=50) == Outcome("ok", "done", "é" * 50)
    limits = Limits(stdout_bytes=101)
    assert outcome(sandbox, "prints", limits, letters=51) == Outcome("output_limit", "done", "é" * 50, truncated=True)


def test_a_killed_child_is_infrastructure_and_no_result(sandbox: Sandbox) -> None:
    with sandbox.start(IMAGE) as episode:
        os.kill(episode.pid, signal.SIGKILL)
        assert episode.call("m.add", {"a": 1}).kind == "infrastructure"
        assert episode.call("m.add", {"a": 1}).kind == "infrastructure"


def test_calls_of_a_batch_have_outcomes_of_their_own(sandbox: Sandbox) -> None:
    calls = [Call("m.prints", {"letters": 1}), Call("m.fails"), Call("m.spins"), Call("m.add", {"a": 1})]
    with sandbox.start(IMAGE, limits=LIMITS) as episode:
        first, second, third, fourth = episode.call_many(calls)
        assert episode.call_many([]) == []
    assert (first.kind, first.stdout, second.kind, third.kind, fourth.kind) == ("ok", "é", "error", "cpu_limit", "cpu_limit")
    assert not fourth.alive and "not run" in fourth.message


@pytest.mark.parametrize(
    ("source", "kind", "where"),
    [
        ("def f(:", "error", ""),
        ("x = 1\nraise ValueError('bad')", "error", "m.py:2 in <module>"),
        ("while True: pass", "cpu_limit", ""),
        ("import nowhere", "error", "m.py:1 in <module>"),
        ("import os\nos._exit(3)", "exit", ""),
        ("x = bytearray(1 << 40)", "memory", "m.py:1 in <module>"),
    ],
)
def test_an_image_that_does_not_load_is_an_outcome_too(sandbox: Sandbox, source: str, kind: str, where: str) -> None:
    for _ in range(2):  # from source, then compiled
        with sandbox.start(Image((("m", source),)), limits=LIMITS) as episode:
            assert (episode.loaded.kind, episode.loaded.where) == (kind, where), episode.loaded
            assert episode.call("m.f").kind == kind


def test_arguments_that_are_not_json_are_refused_before_anything_is_sent(sandbox: Sandbox) -> None:
    with sandbox.start(IMAGE) as episode:
        for bad in ({1}, math.inf):
            with pytest.raises((TypeError, ValueError)):
                episode.call("m.add", {"a": bad})
        assert episode.call("m.history").value == []


def test_a_closed_episode_says_so(sandbox: Sandbox) -> None:
    episode = sandbox.start(IMAGE)
    episode.close()
    episode.close()
    with pytest.raises(SandboxError, match="closed"):
        episode.call("m.add", {"a": 1})


@pytest.mark.parametrize("names", [("a b",), ("class",), ("sys",), ("a", "a"), ("a", "a.b"), ("",)])
def test_an_image_with_unusable_names_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(DataError):
        Image(tuple((name, "") for name in names))


def test_limits_are_positive() -> None:
    with pytest.raises(UsageError, match="wall_s"):
        Limits(wall_s=0)
