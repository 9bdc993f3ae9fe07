"""Loose git objects, trees, commits and refs of one bare repository, without git.

repo = GitRepo(folder)
commit = repo.commit({"README.md": repo.put("blob", b"# rows")}, parents=[], message="first", seconds=0)
repo.set_ref("refs/heads/main", commit)
"""

import contextlib
import hashlib
import re
import threading
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

AUTHOR = "loopback <loopback@localhost>"


@dataclass(frozen=True)
class Commit:
    oid: str
    tree: str
    parents: list[str]
    message: str
    seconds: int


class GitRepo:
    """A bare repository. Writers hold `lock`; readers need not, since files appear by one rename."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.RLock()
        for part in ("objects", "refs/heads", "refs/tags"):
            (path / part).mkdir(parents=True, exist_ok=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")

    def put(self, kind: str, body: bytes) -> str:
        raw = f"{kind} {len(body)}\0".encode() + body
        oid = hashlib.sha1(raw).hexdigest()
        if not self.has(oid):
            self._replace(self._object(oid), zlib.compress(raw, 1))
        return oid

    def get(self, oid: str) -> tuple[str, bytes]:
        head, _, body = zlib.decompress(self._object(oid).read_bytes()).partition(b"\0")
        return head.split()[0].decode(), body

    def has(self, oid: str) -> bool:
        return self._object(oid).exists()

    def files(self, tree: str, prefix: str = "") -> dict[str, str]:
        """Path -> blob id of every file below a tree."""
        found = {}
        for name, oid, is_folder in self._entries(tree):
            found |= self.files(oid, f"{prefix}{name}/") if is_folder else {prefix + name: oid}
        return found

    def folders(self, tree: str, prefix: str = "") -> dict[str, str]:
        """Path -> tree id of every folder below a tree."""
        found = {}
        for name, oid, is_folder in self._entries(tree):
            if is_folder:
                found |= {prefix + name: oid} | self.folders(oid, f"{prefix}{name}/")
        return found

    def write_tree(self, files: dict[str, str]) -> str:
        below: dict[str, dict[str, str]] = {}
        entries = []
        for path, oid in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = oid
            else:
                entries.append((name, name, "100644", oid))
        entries += [(name + "/", name, "40000", self.write_tree(inner)) for name, inner in below.items()]
        lines = (f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for _, name, mode, oid in sorted(entries))
        return self.put("tree", b"".join(lines))

    def commit(self, files: dict[str, str], parents: list[str], message: str, seconds: int) -> str:
        lines = [f"tree {self.write_tree(files)}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{who} {AUTHOR} {seconds} +0000" for who in ("author", "committer")]
        return self.put("commit", ("\n".join(lines) + f"\n\n{message}\n").encode())

    def read_commit(self, oid: str) -> Commit:
        head, _, message = self.get(oid)[1].decode().partition("\n\n")
        pairs = [line.split(" ", 1) for line in head.split("\n")]
        parents = [value for name, value in pairs if name == "parent"]
        seconds = int(dict(pairs)["committer"].rsplit(" ", 2)[1])
        return Commit(oid, dict(pairs)["tree"], parents, message.rstrip("\n"), seconds)

    def history(self, oid: str) -> Iterator[Commit]:
        """The commit and its first parents, newest first."""
        while True:
            commit = self.read_commit(oid)
            yield commit
            if not commit.parents:
                return
            oid = commit.parents[0]

    def set_ref(self, ref: str, oid: str) -> None:
        self._replace(self.path / ref, f"{oid}\n".encode())

    def refs(self, prefix: str) -> dict[str, str]:
        """Name -> commit of the refs below `prefix`, such as `refs/tags`."""
        base = self.path / prefix
        files = (path for path in sorted(base.rglob("*")) if path.is_file())
        return {str(path.relative_to(base)): path.read_text().strip() for path in files}

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, a tag or 40 hex digits."""
        if ".." in revision:
            return None
        for prefix in ("refs/heads", "refs/tags"):
            with contextlib.suppress(OSError):
                return (self.path / prefix / revision).read_text().strip()
        is_commit = re.fullmatch(r"[0-9a-f]{40}", revision) and self.has(revision) and self.get(revision)[0] == "commit"
        return revision if is_commit else None

    def _entries(self, tree: str) -> Iterator[tuple[str, str, bool]]:
        body, at = self.get(tree)[1], 0
        while at < len(body):
            space, nul = body.index(b" ", at), body.index(b"\0", at)
            yield body[space + 1 : nul].decode(), body[nul + 1 : nul + 21].hex(), body[at:space] == b"40000"
            at = nul + 21

    def _object(self, oid: str) -> Path:
        return self.path / "objects" / oid[:2] / oid[2:]

    def _replace(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f"unfinished-{uuid.uuid4().hex}"
        unfinished.write_bytes(data)
        unfinished.replace(path)
