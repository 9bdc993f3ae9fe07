"""What is around the commands of one slot: a Hub, an endpoint that says what it is told to say, and a listener nobody may call.

    with Around(folder, keys) as around:
        around.publish("dataset", "org/evil", {"README.md": b"..."})
        around.endpoint.script = lambda request: respond(...)
        around.run(lures, command, limit_s=12.0)
"""

import contextlib
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.figure import ROOT
from benchmarks.hostile.host import Ended, Host
from benchmarks.hostile.lures import Lures

sys.path.insert(0, str(ROOT / "tests"))

from loopback_hub import LoopbackHub
from loopback_hub.lfs import is_large, read_pointer

QUIET = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "140", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
         "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1",
         "TRL_EXPERIMENTAL_SILENCE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1"}
Script = Callable[[bytes], Iterable[bytes]]
"""Body of a request -> what goes over the wire in answer to it, headers included."""


class Trap:
    """A listener that nobody may call. `calls` is what the first bytes of each connection were."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(1.0)
                    self.calls.append(b"")
                    self.calls[-1] = connection.recv(2_000)


class Endpoint:
    """An OpenAI-compatible endpoint as a stranger runs it. `bodies` are those of all requests."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.script: Script = lambda body: [b"HTTP/1.1 500 no script\r\nContent-Length: 0\r\n\r\n"]
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                endpoint.bodies.append(body)
                self.close_connection = True
                with contextlib.suppress(OSError):
                    for part in endpoint.script(body):
                        self.wfile.write(part)

            def do_GET(self) -> None:
                self.send_error(405)

            do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Around:
    """See the module. `folder` is the slot's; `cache` in it leads to the cache of the input at hand. `keys` are those that every
    command has in its environment."""

    def __init__(self, folder: Path, keys: Mapping[str, str], *, torch: bool) -> None:
        self.folder, self.keys = folder, dict(keys)
        folder.mkdir(parents=True, exist_ok=True)
        self.trap, self.endpoint = Trap(), Endpoint()
        self.hub = LoopbackHub(folder / "loopback")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASTRA", "HF_", "PYTEST", "OPENAI"))}
        environ |= {"HF_ENDPOINT": self.hub.url, "HF_HOME": str(folder / "cache"), **QUIET, **keys}
        self._host = Host(environ | ({"HOSTILE_TORCH": "1"} if torch else {}), folder / "host.log")

    def publish(self, kind: str, name: str, files: Mapping[str, bytes]) -> None:
        """A repo of the Hub with these files and no others."""
        with contextlib.suppress(OSError):
            self.hub.create(kind, name, private=False)
        repo = self.hub._repos[self.hub.folder(kind, name)]
        blobs = {path: repo.put("blob", self._pointer(data) if is_large(path, len(data)) else data) for path,
                 data in files.items()}
        repo.set_ref("refs/heads/main", repo.commit(blobs, [], "as a stranger made it", 0))

    def published(self, kind: str, name: str) -> dict[str, bytes]:
        """The files of a repo of the Hub; of large ones what they hold."""
        folder = self.hub.folder(kind, name)
        repo = self.hub._repos.get(folder)
        if repo is None:
            return {}
        files = repo.files(repo.read_commit(str(repo.resolve("main"))).tree)
        blobs = {path: repo.get(oid)[1] for path, oid in files.items()}
        large = {path: found[0] for path, blob in blobs.items() if (found := read_pointer(blob))}
        return blobs | {path: self.hub.lfs.path(sha256).read_bytes() for path, sha256 in large.items()}

    def forget(self) -> None:
        """Empty the Hub, and what was noted of calls."""
        self.hub._repos.clear()
        for kind in ("datasets", "models"):
            shutil.rmtree(self.hub.root / kind, ignore_errors=True)
        self.hub.log.clear()
        self.trap.calls.clear()
        self.endpoint.bodies.clear()

    def run(self, lures: Lures, order: dict[str, Any], limit_s: float) -> Ended:
        cache = self.folder / "cache"
        cache.unlink(missing_ok=True)
        cache.symlink_to(lures.folder / "cache")
        return self._host.run(order | {"cwd": str(lures.here), "environ": lures.environ, "limit_s": limit_s})

    def close(self) -> None:
        self._host.close()
        self.hub.stop()
        self.endpoint.close()
        self.trap.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _pointer(self, data: bytes) -> bytes:
        import hashlib

        sha256 = hashlib.sha256(data).hexdigest()
        self.hub.lfs.receive(sha256, [data])
        return self.hub.lfs.pointer(sha256)
