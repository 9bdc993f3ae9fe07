"""The loop of a child: reads requests, loads the modules of an image, calls entries, and answers.

A frame is a length (u32, little-endian) and so many bytes. Requests are JSON:

    [1, "load", [["bank", "def pay(): ..."]]]           answered by the compiled modules (a frame of bytes), then an answer
    [1, "run", null]                                    followed by such a frame; one answer
    [2, "call", [["bank.pay", {"amount": 3}], ...]]     one answer each, sent as soon as it is there

An answer is `[kind, value, error_type, message, where, stdout, truncated, cpu_s, number of the request]`. Nothing here is a
boundary: code of an image can walk to this module's variables. The boundary is the kernel's, and the host believes no answer.
"""

import json
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from astra_data.nesting import may_be_too_deep, too_deep
from astra_data.sandbox.jail import failures, modules
from astra_data.sandbox.jail.confinement import CHANNEL
from astra_data.sandbox.jail.output import Output
from astra_data.sandbox.jail.scrubbing import Scrubber

NO_MEMORY = b'["memory",null,"MemoryError","out of memory","","",false,0,%d]'
READ_BYTES = 1 << 13

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_text = json.JSONEncoder(separators=(",", ":")).encode
decode = json.JSONDecoder().raw_decode
# The clock of the one thread: once a limit on CPU is set, the kernel brings that of the process up to date at its ticks alone.
_read, _write, _leave, _cpu = os.read, os.write, os._exit, time.thread_time_ns
_pack, _unpack_from = struct.pack, struct.unpack_from


@dataclass(slots=True)
class Service:
    """One child's image, what it prints, how large a result may be (bytes of JSON), and the descriptor that it is served on."""

    output: Output
    scrubber: Scrubber
    channel: int = CHANNEL
    result_bytes: int = 0
    image: modules.Loaded | None = None
    number: int = 0
    _unread: bytes = b""

    def serve(self) -> NoReturn:
        """Answer until the host hangs up."""
        while True:
            self.answer()

    def answer(self) -> None:
        """Answer the next request."""
        self.number, task, body = decode(str(self._frame(), "ascii"))[0]
        if task == "call":
            for entry, arguments in body:
                self._answer(partial(self._called, entry, arguments))
        elif task == "load":
            self._answer(partial(self._load_sources, body))
        else:
            self._answer(partial(self._load_blob, self._frame()))

    def _load_sources(self, sources: modules.Sources) -> None:
        """The compiled modules are sent before any of them runs, so that none can have changed them."""
        try:
            codes = modules.compiled(sources)
        except BaseException:
            self._send(b"")
            raise
        self._send(modules.packed(codes))
        self._load(codes)

    def _load_blob(self, blob: bytes) -> None:
        self._load(modules.unpacked(blob))

    def _load(self, codes: modules.Codes) -> None:
        self.image = modules.Loaded(codes)
        self.image.load()

    def _called(self, entry: str, arguments: dict[str, Any]) -> Any:
        if self.image is None:
            raise LookupError("no image is loaded")
        return self.image.find(entry)(**arguments)

    def _answer(self, work: Callable[[], Any]) -> None:
        begun = _cpu()
        try:
            self._send(self._frame_of(self._outcome(work), _cpu() - begun))
        except MemoryError:
            self._send(NO_MEMORY % self.number)

    def _outcome(self, work: Callable[[], Any]) -> tuple[str, str, tuple[str, str, str]]:
        """(kind, value as JSON, (error type, message, where))."""
        try:
            value = work()
        except BaseException as error:
            return failures.kind_of(error), "null", failures.described(error, self.image.files if self.image else set())
        try:
            text = _encode(value)
            if may_be_too_deep(text) and too_deep(decode(text)[0]):
                raise RecursionError
        except MemoryError:
            raise
        except RecursionError:
            return "recursion", "null", ("RecursionError", "the result is nested too deeply", "")
        except BaseException as error:
            return "not_json", "null", (failures.name_of(error), f"the result is not JSON: {failures.text_of(error)}", "")
        if len(text) > self.result_bytes:
            return "result_too_big", "null", ("", f"the result is {len(text)} bytes of JSON, {self.result_bytes} are allowed", "")
        return "ok", self.scrubber.text(text), ("", "", "")

    def _frame_of(self, outcome: tuple[str, str, tuple[str, str, str]], cpu_ns: int) -> bytes:
        kind, value, (name, message, where) = outcome
        printed, cut = self.output.take()
        if not name and not message and not printed and not cut:
            return f'["{kind}",{value},"","","","",false,{cpu_ns}e-9,{self.number}]'.encode("ascii")
        kind = "output_limit" if cut and kind == "ok" else kind
        message, printed = self.scrubber.text(message)[:failures.MESSAGE_LETTERS], self.scrubber.text(printed)
        rest = _text([name, message, where, printed, cut])[1:-1]
        return f'["{kind}",{value},{rest},{cpu_ns}e-9,{self.number}]'.encode("ascii")

    def _frame(self) -> bytes:
        self._fill(4)
        end = 4 + int(_unpack_from("<I", self._unread)[0])
        self._fill(end)
        frame, self._unread = self._unread[4:end], self._unread[end:]
        return frame

    def _fill(self, size: int) -> None:
        while len(self._unread) < size:
            if not (more := _read(self.channel, max(READ_BYTES, size - len(self._unread)))):
                _leave(0)
            self._unread += more

    def _send(self, payload: bytes) -> None:
        left = _pack("<I", len(payload)) + payload
        while left:
            left = left[_write(self.channel, left):]
