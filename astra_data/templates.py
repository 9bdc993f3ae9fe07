"""Chat templates, which are programs. Those of TRL are run here; those of strangers in a child with little memory and time.

    render(template, messages, tools, names={"eos_token": "</s>"}, opened=True).text

A template can neither call nor read anything outside of itself: transformers renders it in Jinja's sandbox. What is left to it is
to loop and to grow. So the child has a limit to each, ends where it reaches one, and gives back JSON alone.
"""

import functools
import json
import multiprocessing
import os
import re
import resource
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from astra_data.errors import DataError
from astra_data.messages import JsonObject, Message

SECONDS: Final = 3.0
"""Processor time that one rendering may take."""
LETTERS: Final = 1 << 20
"""Longest text that may come of any conversation: tokenizers take seconds for so much."""
GROWTH: Final = 16
"""Longest text that may come of a longer one, in lengths of its JSON."""
MEMORY: Final = 1 << 30
"""Bytes that a child may take beyond what it is forked with."""
PATIENCE: Final = 120.0
"""Seconds after which a child is given up that neither answers nor uses the processor."""
TOO_MUCH: Final = f"the chat template takes more than {SECONDS:g} seconds or {MEMORY >> 20} MB for one conversation"
TOO_LONG: Final = f"the chat template makes more than {LETTERS:,} characters of one conversation, and {GROWTH} times its own"
OTHER: Final = "choose another chat template, or another model"
REPEATED: Final = re.compile(r"\)[*+{]")
Names = Mapping[str, Any]


class TooMuchError(DataError):
    """A template that goes beyond what one conversation may take."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A conversation as text, and where in it the assistant speaks."""

    text: str
    spans: list[tuple[int, int]]


def render(template: str, messages: Sequence[Message], tools: Sequence[JsonObject] | None, names: Names, *, opened: bool = False,
           spans: bool = False) -> Rendering:
    """What a template makes of a conversation. Raises what it raises, and `TooMuchError` beyond a bound."""
    asked: JsonObject = {"template": template, "messages": list(messages), "tools": tools, "names": dict(names),
                         "opened": opened, "spans": spans}
    return _render(**asked) if template in known() else _child(os.getpid()).render(asked)


@functools.cache
def known() -> frozenset[str]:
    """The templates that TRL has; none without TRL."""
    try:
        from trl import chat_template_utils
    except ImportError:
        return frozenset()
    return frozenset(text for name, text in vars(chat_template_utils).items()
                     if name.endswith("_chat_template") and isinstance(text, str))


def _render(template: str, messages: list[Message], tools: list[JsonObject] | None, names: dict[str, Any], opened: bool,
            spans: bool) -> Rendering:
    from transformers.utils.chat_template_utils import render_jinja_template

    chat = [{key: value for key, value in message.items() if value is not None} for message in messages]
    texts, found = render_jinja_template(conversations=[chat], tools=tools, chat_template=template,
                                         return_assistant_tokens_mask=spans, add_generation_prompt=opened, **names)
    return Rendering(texts[0], [tuple(one) for one in found[0]] if spans else [])


def check(tokenizer: Any) -> None:
    """Raise `DataError` where TRL, which looks at templates in this process, would wait for the tokenizer's without end, or where
    the way in which it says calls are read has repeated groups, which some texts are matched against for ever."""
    if any(REPEATED.search(pattern) for pattern in _patterns(getattr(tokenizer, "response_template", None))):
        raise DataError("the model's response_template has patterns with repeated groups", mend="choose another model.template")
    if tokenizer.chat_template and tokenizer.chat_template not in known():
        process = multiprocessing.get_context("fork").Process(target=_looked_at, args=(tokenizer,), daemon=True)
        process.start()
        process.join(PATIENCE)
        if process.exitcode != 0:
            process.kill()
            raise TooMuchError(TOO_MUCH, mend=OTHER)


def _looked_at(tokenizer: Any) -> None:
    """What TRL does with a template before a run."""
    from trl.chat_template_utils import is_chat_template_prefix_preserving, supports_tool_calling

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    limit()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    for look in (supports_tool_calling, is_chat_template_prefix_preserving):
        try:
            look(tokenizer)
        except MemoryError:
            os._exit(1)
        except Exception:  # a template that TRL cannot use is told apart where it is used
            continue
    os._exit(0)


def _patterns(found: Any, key: str = "") -> Iterator[str]:
    """The regular expressions of a response template that TRL does not have."""
    from trl import chat_template_utils

    if not key and any(found == ours for ours in vars(chat_template_utils).values() if isinstance(ours, dict)):
        return
    if isinstance(found, str) and key.endswith("pattern"):
        yield found
    for name, value in found.items() if isinstance(found, dict) else ():
        yield from _patterns(value, str(name))


class _Child:
    """A process that renders what it is asked for, and is started again when it had to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._wire: Connection | None = None

    def render(self, asked: JsonObject) -> Rendering:
        """See the function `render`."""
        with self._lock:
            answer = self._answer(json.dumps(asked).encode())
        if answer is None:
            raise TooMuchError(TOO_MUCH, mend=OTHER)
        if "long" in answer:
            raise TooMuchError(TOO_LONG, mend=OTHER)
        if "error" in answer:
            _raise(*answer["error"])
        return Rendering(answer["text"], [(start, end) for start, end in answer["spans"]])

    def _answer(self, asked: bytes) -> JsonObject | None:
        """The child's answer, null where it ended without one."""
        wire = self._started()
        try:
            wire.send_bytes(asked)
            if wire.poll(PATIENCE):
                answer: JsonObject = json.loads(wire.recv_bytes())
                return answer
        except (EOFError, OSError, ValueError):
            pass
        self._end()
        return None

    def _started(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._wire is None:
            self._end()
            context = multiprocessing.get_context("fork")
            self._wire, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._wire), daemon=True)
            self._process.start()
            theirs.close()
        return self._wire

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._wire is not None:
            self._wire.close()
        self._process = self._wire = None


@functools.cache
def _child(_process: int) -> _Child:
    """That of a process: one that is forked needs a child of its own."""
    import transformers.utils.chat_template_utils  # noqa: F401  (a fork imports nothing)

    return _Child()


def _serve(wire: Connection, other: Connection) -> None:
    """What the child does."""
    other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit()
    while True:
        try:
            asked = json.loads(wire.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        answer = _tried(asked)
        signal.setitimer(signal.ITIMER_PROF, 0)
        wire.send_bytes(answer)


def _tried(asked: JsonObject) -> bytes:
    try:
        made = _render(**asked)
        if len(made.text) > LETTERS and len(made.text) > GROWTH * len(json.dumps([asked["messages"], asked["tools"]])):
            return json.dumps({"long": len(made.text)}).encode()
        return json.dumps({"text": made.text, "spans": made.spans}).encode()
    except MemoryError:
        os._exit(1)
    except Exception as error:
        return json.dumps({"error": [type(error).__name__, str(error)[:1000]]}).encode()


def limit(memory: int = MEMORY) -> None:
    """Let a timer end this process, and give it no more than so many bytes on top."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    statm = Path("/proc/self/statm")
    if statm.exists():
        most = int(statm.read_text().split()[0]) * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _raise(kind: str, text: str) -> None:
    from jinja2 import TemplateError

    kinds: dict[str, type[Exception]] = {"TypeError": TypeError, "ValueError": ValueError, "RecursionError": RecursionError}
    raise kinds.get(kind, TemplateError)(text)
