"""What a child forges is `protocol`: the host raises nothing, believes nothing, ends the child and keeps its books."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import running, until_ended

from astra_data.errors import DataError
from astra_data.sandbox import Image, Limits, Sandbox
from astra_data.sandbox.answers import Bounds, read
from astra_data.sandbox.blobs import MOST_BYTES, Blobs
from astra_data.sandbox.channel import MalformedError
from astra_data.sandbox.limits import MOST_SOURCE_BYTES

BOUNDS = Bounds(stdout_bytes=100, result_bytes=1000)
HONEST = '["ok",{value},"","","","",false,0.001,{number}]'
FORGED = {
    "a time beyond any float": '["ok",3,"","","","",false,1' + "0" * 400 + ",{number}]",
    "a time that is no number": '["ok",3,"","","","",false,NaN,{number}]',
    "a negative time": '["ok",3,"","","","",false,-1,{number}]',
    "NaN as a value": '["ok",NaN,"","","","",false,0,{number}]',
    "infinity inside a value": '["ok",[{{"a":-Infinity}}],"","","","",false,0,{number}]',
    "a float that overflows": '["ok",[1e999],"","","","",false,0,{number}]',
    "a float of many digits that overflows": '["ok",' + "9" * 400 + '.5,"","","","",false,0,{number}]',
    "an integer of more digits than Python reads": '["ok",' + "9" * 5000 + ',"","","","",false,0,{number}]',
    "a value nested beside the limit": '["ok",' + "[" * 220 + "]" * 220 + ',"","","","",false,0,{number}]',
    "a value nested as deep as the parser goes": '["ok",' + "[" * 940 + "]" * 940 + ',"","","","",false,0,{number}]',
    "more output than is kept": '["ok",3,"","","","' + "x" * 20_000 + '",false,0,{number}]',
    "a larger result than is allowed": '["ok","' + "x" * 2000 + '","","","","",false,0,{number}]',
    "an endless message": '["error",null,"E","' + "m" * 3000 + '","","",false,0,{number}]',
    "an endless name": '["error",null,"' + "E" * 3000 + '","","","",false,0,{number}]',
    "text after the answer": HONEST.replace("{value}", "3") + " ",
    "letters that are no ASCII": '["ok","é","","","","",false,0,{number}]',
    "a kind that only the host can find": '["timeout",null,"","","","",false,0,{number}]',
    "another number": '["ok",3,"","","","",false,0,1{number}]',
    "a number that is a float": '["ok",3,"","","","",false,0,{number}.0]',
    "too few parts": '["ok",3,{number}]',
    "an object": '{{"kind":"ok","number":{number}}}',
}
SENDS = """
import os
def send(text):
    p = text.encode()
    data = len(p).to_bytes(4, "little") + p
    while data:
        data = data[os.write(3, data):]
"""


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_a_frame_that_the_protocol_does_not_allow_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        read(text.format(number=7).encode(), 7, 1.0, BOUNDS)


@pytest.mark.parametrize("half", ["\\ud800", "\\uD800", "\\uDfFf", "a\\uDBFFb"])
@pytest.mark.parametrize("frame", ['["ok","{}","","","","",false,0,7]', '["ok",{{"{}":1}},"","","","",false,0,7]',
                                   '["error",null,"E","{}","","",false,0,7]', '["ok",3,"","","","{}",false,0,7]'])
def test_half_a_letter_is_no_json_however_it_is_written(half: str, frame: str) -> None:
    assert read(frame.format(half).encode(), 7, 1.0, BOUNDS).kind == "not_json"


def test_large_numbers_that_are_json_are_kept_exactly() -> None:
    for text in ("1.7976931348623157e+308", "-1e300", "5e-324", "1e-999", str(10**40), str(-(2**64))):
        assert repr(read(HONEST.format(value=text, number=7).encode(), 7, 1.0, BOUNDS).value) == repr(json.loads(text))


@given(st.binary(max_size=200) | st.lists(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["ok", "error", "exit"]),
                 lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), min_size=7, max_size=11,
).map(lambda parts: json.dumps(parts).encode()))  # fmt: skip
def test_any_frame_gives_an_outcome_or_is_malformed(frame: bytes) -> None:
    with suppress(MalformedError):
        outcome = read(frame, 7, 1.0, BOUNDS)
        json.dumps(outcome.value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("where", ["load", "call"])
def test_a_child_that_forges_is_ended_and_its_memory_is_given_back(where: str) -> None:
    limits = Limits(memory_mb=64, stdout_bytes=100, result_bytes=1000)
    with Sandbox(workers=1, limits=limits, memory_mb=64) as pool:
        for name, text in FORGED.items():
            body = f"send({text.format(number=1 if where == 'load' else 2)!r})"
            source = SENDS + (body if where == "load" else f"def f():\n    {body}\n")
            with pool.start(Image((("m", source),))) as episode:
                told = episode.loaded if where == "load" else episode.call("m.f")
                assert (told.kind, told.alive) == ("protocol", False), name
                assert episode.call("m.f").kind == "protocol"
                assert not running(episode.pid), name
        assert pool._workers[0].live == 0
        with pool.start(Image((("m", "def f(): return 1"),))) as episode:
            assert episode.call("m.f").value == 1


def test_an_error_while_an_image_loads_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with Sandbox(workers=1, limits=Limits(memory_mb=64), memory_mb=64) as pool:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("astra_data.sandbox.answers.read", interrupted)
            pool.start(Image((("m", "x = 1"),)))
        assert pool._workers[0].live == 0
        with pool.start(Image((("m", "def f(): return 1"),))) as episode:
            assert episode.call("m.f").value == 1


def test_a_result_is_nested_no_deeper_than_it_can_be_written_again(sandbox: Sandbox) -> None:
    source = "def f(depth):\n    value = 1\n    for _ in range(depth):\n        value = {'a': [value]}\n    return value\n"
    with sandbox.start(Image((("m", source),))) as episode:
        kinds = [episode.call("m.f", {"depth": depth}).kind for depth in (1, 64, 65, 300)]
        assert kinds == ["ok", "ok", "recursion", "recursion"]


def test_a_text_of_a_tool_that_looks_like_a_place_of_this_machine_stays_as_it_is(sandbox: Sandbox) -> None:
    root, library = Path(__file__).parents[2], Path(os.__file__).parent
    texts = [f"{root}/notes.txt", f"see {root}/ and {library}/", f"{library}/mine.py",
             "stored at 0xdeadbeef0123 and", "0x7f3a5c0d1e20"]
    with sandbox.start(Image((("m", "def f(text): return text"),))) as episode:
        assert [episode.call("m.f", {"text": text}).value for text in texts] == texts


def test_modules_beyond_a_size_are_refused() -> None:
    Image((("m", "#" * (MOST_SOURCE_BYTES - 1)),))
    for source in ("#" * MOST_SOURCE_BYTES, "é" * (MOST_SOURCE_BYTES // 2), "\ud800" * (MOST_SOURCE_BYTES // 2)):
        with pytest.raises(DataError, match="come to"):
            Image((("m", source),))


def test_compiled_modules_are_kept_up_to_a_number_of_bytes() -> None:
    blobs, large = Blobs(), bytes(MOST_BYTES // 2)
    for digest in "abab":
        blobs.keep(digest, large)
    assert blobs.get("a") and blobs.get("b")
    blobs.keep("c", b"c")
    assert (blobs.get("a"), bool(blobs.get("b")), blobs.get("c")) == (None, True, b"c")


HOST = """
import os, sys, time
from astra_data.sandbox import Image, Sandbox
pool = Sandbox(workers=1)
episode = pool.start(Image((("m", "def f(): pass"),)))
forked = os.fork()
if forked:
    print(pool._workers[0].pid, episode.pid, forked, flush=True)
time.sleep(600)
"""


def test_a_host_that_is_killed_leaves_no_child_while_a_process_that_it_forked_lives() -> None:
    with subprocess.Popen([sys.executable, "-c", HOST], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout
        worker, child, forked = map(int, host.stdout.readline().split())
        try:
            host.kill()
            host.wait()
            until_ended([worker, child])
            assert running(forked)
        finally:
            os.kill(forked, signal.SIGKILL)
