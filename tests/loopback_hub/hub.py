"""The hub: a folder of repos, an LFS store, and a server that can stop and start again on its port."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from loopback_hub import files, repos
from loopback_hub.faults import Faults
from loopback_hub.git_objects import GitRepo
from loopback_hub.handler import Handler, Refusal, Request
from loopback_hub.lfs import ATTRIBUTES, LfsFiles


class Server(ThreadingHTTPServer):
    """A threading server that ends its open connections when it stops."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, hub: "LoopbackHub", port: int) -> None:
        self.hub, self.open = hub, set[socket.socket]()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class LoopbackHub:
    """Listens from the start until `stop`. With a `clock` that stands still, equal pushes give equal commits."""

    def __init__(self, root: Path, *, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.root, self.clock = root.resolve(), clock
        self.log: list[Request] = []
        self.errors: list[str] = []
        self.read_only: set[str] = set()
        self.faults, self.lfs, self.routes = Faults(), LfsFiles(self.root / "lfs"), repos.ROUTES + files.ROUTES
        self._lock, self._repos = threading.RLock(), dict[Path, GitRepo]()
        self._server: Server | None = None
        self.port = port
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = Server(self, self.port)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.end()
        self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def now(self) -> int:
        return int(self.clock())

    def folder(self, kind: str, name: str) -> Path:
        """The bare git repository of a repo; `kind` is `dataset` or `model`."""
        if {"", ".", ".."} & set(name.split("/")):
            raise Refusal(400, None, "bad repo id")
        return self.root / f"{kind}s" / f"{name}.git"

    def about(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads((self.folder(kind, name) / "hub.json").read_text())

    def create(self, kind: str, name: str, *, private: bool) -> bool:
        """Make a repo with its first commit; false if it is there already."""
        with self._lock:
            folder = self.folder(kind, name)
            if (folder / "hub.json").exists():
                return False
            repo = self._repos[folder] = GitRepo(folder)
            first = repo.commit({".gitattributes": repo.put("blob", ATTRIBUTES)}, [], "initial commit", self.now())
            repo.set_ref("refs/heads/main", first)
            (folder / "hub.json").write_text(json.dumps({"private": private, "created": repos.when(self.now())}))
            return True

    def repo(self, request: Handler, kind: str, name: str) -> GitRepo:
        """The repo of a request, if it may see it: a private one needs some token."""
        folder, known = self.folder(kind, name), bool(request.headers.get("Authorization"))
        if not (folder / "hub.json").exists() or (self.about(kind, name)["private"] and not known):
            raise Refusal(404 if known else 401, "RepoNotFound", "Repository not found")
        with self._lock:
            if folder not in self._repos:
                self._repos[folder] = GitRepo(folder)
            return self._repos[folder]

    def requests(self, method: str, part: str) -> list[Request]:
        """The requests so far with this method and this text in their path."""
        return [one for one in self.log if one.method == method and part in one.path]
