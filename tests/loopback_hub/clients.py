"""Clients of the hub: code that runs in a process of its own, which has imported the libraries already.

The libraries read HF_ENDPOINT and HF_HOME when they are imported, once a process. So one server process imports them for
one port and one cache folder, and every client is a fork of it: real processes that can be killed, without seconds of
imports each. Python has one such server per process, so all tests of a process share these clients.

    clients = shared_clients()
    clients.use_cache(tmp_path / "cache")
    client = clients.start("answer(load_dataset('org/tasks', split='train').num_rows)", folder, {})
    client.answer()
"""

import functools
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import textwrap
import traceback
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 300.0
LIBRARIES = ["pytest", "datasets", "huggingface_hub", "pyarrow.parquet", "astra_data.hub.load", "astra_data.hub.publish"]


class Client:
    """A client that runs. Its `answer` is the last value that its code gave to `answer`."""

    def __init__(self, process: BaseProcess, folder: Path) -> None:
        self.process, self.folder = process, folder

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def answer(self) -> Any:
        self.process.join(PATIENCE)
        assert self.process.exitcode == 0, (self.folder / "output").read_text()[-3000:]
        file = self.folder / "answer"
        return json.loads(file.read_text()) if file.exists() else None


class Clients:
    """Starts clients of the hub at `port`; `cache`, their HF_HOME, is a link to the folder of the test that runs."""

    def __init__(self, port: int, cache: Path) -> None:
        self.port, self.cache = port, cache
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(LIBRARIES)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
            patch.setenv("HF_TOKEN", "hf_loopback")
            patch.setenv("HF_HOME", str(cache))
            patch.setenv("HF_HUB_DISABLE_XET", "1")
            patch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
            forkserver.ensure_running()

    def use_cache(self, folder: Path) -> None:
        """Let the cache of all clients be this new folder."""
        folder.mkdir()
        self.cache.unlink(missing_ok=True)
        self.cache.symlink_to(folder)

    def start(self, code: str, folder: Path, names: dict[str, Any]) -> Client:
        """Run `code` with these names in `folder`, where it leaves its output and answer."""
        folder.mkdir()
        process = self.context.Process(target=run, args=(textwrap.dedent(code), folder, names))
        process.start()
        return Client(process, folder)


@functools.cache
def shared_clients() -> Clients:
    """The clients of this process, of a port that is free for the hub of each test in turn."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return Clients(port, Path(tempfile.mkdtemp(prefix="hub-clients-")) / "cache")


def run(code: str, folder: Path, names: dict[str, Any]) -> None:
    """The body of a client process."""
    output = os.open(folder / "output", os.O_CREAT | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.chdir(folder)

    def answer(value: Any) -> None:
        (folder / "answer").write_text(json.dumps(value))

    try:
        exec(compile(code, "client", "exec"), {**names, "answer": answer})
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
