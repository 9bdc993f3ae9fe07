"""Routes about files: announce them, send them to LFS, commit them, and download them again."""

import base64
import json
import re

from loopback_hub.git_objects import GitRepo
from loopback_hub.handler import CHUNK, REPO, Dropped, Handler, Refusal, route
from loopback_hub.lfs import LfsFiles, is_large
from loopback_hub.repos import commit_of, file_entry

KIND = "/(?:(dataset)s/)?([^/]+/[^/]+)"


def preupload(request: Handler, kind: str, name: str, revision: str) -> None:
    """Say of each file how to send it, and the id of what is there, by which a client sees that nothing changed."""
    repo = request.hub.repo(request, kind, name)
    files, answers = repo.files(commit_of(repo, revision).tree), []
    for file in request.json()["files"]:
        path = file["path"]
        mode = "lfs" if is_large(path, file["size"]) else "regular"
        answer = {"path": path, "uploadMode": mode, "shouldIgnore": False}
        if path in files:
            entry = file_entry(repo, path, files[path])
            answer["oid"] = entry.get("lfs", entry)["oid"]
        answers.append(answer)
    request.reply({"files": answers})


def commit(request: Handler, kind: str, name: str, branch: str) -> None:
    repo = request.hub.repo(request, kind, name)
    head, *changes = (json.loads(line) for line in request.body.splitlines() if line.strip())
    with repo.lock:
        parent = commit_of(repo, branch)
        if head["value"].get("parentCommit") not in (None, parent.oid):
            raise Refusal(412, None, "A commit has happened since. Please refresh and try again.")
        files = repo.files(parent.tree)
        for change in changes:
            apply(repo, request.hub.lfs, files, change["key"], change["value"])
        oid = repo.commit(files, [parent.oid], head["value"]["summary"], request.hub.now())
        repo.set_ref(f"refs/heads/{branch}", oid)
    url = f"{request.hub.url}/{'datasets/' if kind == 'dataset' else ''}{name}/commit/{oid}"
    request.reply({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})


def apply(repo: GitRepo, lfs: LfsFiles, files: dict[str, str], key: str, value: dict) -> None:
    """Make one change of a commit in `files`."""
    path = value["path"].strip("/")
    if {"", ".", "..", ".git"} & set(path.split("/")):
        raise Refusal(400, None, f"invalid path {path}")
    if key == "file":
        files[path] = repo.put("blob", base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if not lfs.has(value["oid"]):
            raise Refusal(400, None, f"LFS object {value['oid']} was not uploaded")
        files[path] = repo.put("blob", lfs.pointer(value["oid"]))
    elif key == "deletedFile":
        if files.pop(path, None) is None:
            raise Refusal(404, "EntryNotFound", f"A file with this name doesn't exist: {path}")
    elif key == "deletedFolder":
        for inner in [one for one in files if one.startswith(path + "/")]:
            del files[inner]
    else:
        raise Refusal(400, None, f"unknown change {key}")


def lfs_batch(request: Handler, kind: str | None, name: str) -> None:
    request.hub.repo(request, kind or "model", name)
    answers = []
    for wanted in request.json()["objects"]:
        answer = {"oid": wanted["oid"], "size": wanted["size"]}
        if not request.hub.lfs.has(wanted["oid"]):
            href = f"{request.hub.url}/lfs/{wanted['oid']}"
            answer["actions"] = {"upload": {"href": href}, "verify": {"href": href + "/verify"}}
        answers.append(answer)
    request.reply({"transfer": "basic", "objects": answers})


def lfs_put(request: Handler, sha256: str) -> None:
    if request.hub.faults.loses_upload():
        raise Dropped
    if not request.hub.lfs.receive(sha256, request.chunks()):
        raise Refusal(400, None, "the bytes do not have this SHA-256")
    request.reply({}, headers={"ETag": f'"{sha256[:32]}"'})


def lfs_verify(request: Handler, sha256: str) -> None:
    if not request.hub.lfs.has(sha256):
        raise Refusal(404, None, "no such object")
    request.reply({"success": True})


def resolve(request: Handler, kind: str | None, name: str, revision: str, path: str) -> None:
    """A file, or the range of it that was asked for."""
    repo = request.hub.repo(request, kind or "model", name)
    at = commit_of(repo, revision)
    blob = repo.files(at.tree).get(path)
    if blob is None:
        raise Refusal(404, "EntryNotFound", "Entry not found")
    entry = file_entry(repo, path, blob)
    size, etag = entry["size"], f'"{entry.get("lfs", entry)["oid"]}"'
    headers = {"X-Repo-Commit": at.oid, "ETag": etag, "X-Linked-ETag": etag, "X-Linked-Size": str(size)}
    headers |= {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    first, last, status = span(request.headers.get("Range", ""), size)
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    if status == 416:
        request.start(416, headers | {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        return
    request.start(status, headers | {"Content-Length": str(last - first + 1)})
    if request.command == "GET":
        send(request, repo, entry, first, last)


def span(wanted: str, size: int) -> tuple[int, int, int]:
    """(first byte, last byte, HTTP status) for a Range header and a file of `size` bytes."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if not match or not size or not (match[1] or match[2]):
        return 0, size - 1, 200
    if not match[1]:
        return max(0, size - int(match[2])), size - 1, 206
    first = int(match[1])
    return first, min(int(match[2] or size - 1), size - 1), 206 if first < size else 416


def send(request: Handler, repo: GitRepo, entry: dict, first: int, last: int) -> None:
    if "lfs" not in entry:
        request.wfile.write(repo.get(entry["oid"])[1][first : last + 1])
        return
    with request.hub.lfs.path(entry["lfs"]["oid"]).open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := file.read(min(left, CHUNK))):
            request.wfile.write(chunk)
            left -= len(chunk)


ROUTES = (
    route("POST", REPO + "/preupload/([^/]+)", preupload),
    route("POST", REPO + "/commit/([^/]+)", commit),
    route("POST", KIND + r"\.git/info/lfs/objects/batch", lfs_batch),
    route("PUT", "/lfs/([0-9a-f]{64})", lfs_put),
    route("POST", "/lfs/([0-9a-f]{64})/verify", lfs_verify),
    route("GET HEAD", KIND + "/resolve/([^/]+)/(.+)", resolve),
)
