"""What a child is. It is made in the zygote, so that a child has little left to do once it is forked.

    child = Child(report, base, paths)
    child.rehearse()
    if not os.fork():
        child.live(options, socket)

A page of memory is copied when a child first writes to it, and Python writes where it only reads: it counts references and
remembers where it found attributes. That is most of what an episode costs. So the zygote makes all that every child needs, and
goes through an episode itself until nothing is left to remember.
"""

import json
import os
import socket
import struct
import sys
from typing import Any, Final, NoReturn

from astra_data.sandbox.jail import attempts, clock, modules, randomness
from astra_data.sandbox.jail.confinement import CHANNEL, Confinement
from astra_data.sandbox.jail.layers import Report
from astra_data.sandbox.jail.output import Output
from astra_data.sandbox.jail.scrubbing import Scrubber
from astra_data.sandbox.jail.service import Service, decode

TIMES: Final = 32
NAME: Final = "rehearsal"
SOURCE: Final = """
import json

def total(item, numbers, factor=1):
    return {"item": item, "total": sum(numbers) * factor}
"""
CALLS: Final = [[f"{NAME}.total", {"item": "A-1", "numbers": [1, 2.5]}], [f"{NAME}.total", {"item": "A-1"}]]


class Child:
    """Standard output, chance, the clock and the service, ready for a fork. Takes over standard output and chance at once."""

    def __init__(self, report: Report, base: int, paths: dict[str, str]) -> None:
        self.confinement = Confinement.prepared(report, base)
        self.output = Output()
        self.output.redirect()
        self.seed, self.freeze = randomness.take_over(), clock.stopped()
        self.service = Service(self.output, Scrubber(paths))

    def live(self, message: bytes, channel: int) -> NoReturn:
        """Serve an episode as a process of its own, with options in JSON."""
        try:
            options: dict[str, Any] = decode(message.decode())[0]
            self.confinement.take_up(channel, options["memory"], options["cpu_s"])
            if options["attempts"]:
                attempts.answer(self.confinement.zygote)
            self.output.room, self.service.result_bytes = options["stdout_bytes"], options["result_bytes"]
            self.seed(str(options["seed"]))
            if options["clock"] is not None:
                self.freeze(options["clock"])
            self.service.serve()
        except BaseException:
            os._exit(70)

    def rehearse(self) -> None:
        """Serve an episode here, a few times, and leave nothing of it behind but what Python remembers."""
        blob = modules.packed(modules.compiled([(NAME, SOURCE)]))
        requests = [[json.dumps([1, "load", [[NAME, SOURCE]]]).encode()], [b'[1,"run",null]', blob],
                    [json.dumps([2, "call", CALLS]).encode()]]
        self.output.room, self.service.result_bytes = 1 << 10, 1 << 10
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.service.channel = theirs.fileno()
            for frames in requests * TIMES:
                ours.sendall(b"".join(struct.pack("<I", len(frame)) + frame for frame in frames))
                self.service.answer()
                ours.recv(1 << 16)
                self.seed(NAME)
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, modules.Loaded)]
        del sys.modules[NAME]
        self.service.channel, self.service.image = CHANNEL, None
