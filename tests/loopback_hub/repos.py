"""Routes about repos: create one, describe it, list its files, commits and refs, and tag it."""

import datetime
import json
import re

import yaml

from loopback_hub.git_objects import Commit, GitRepo
from loopback_hub.handler import REPO, Handler, Refusal, route
from loopback_hub.lfs import read_pointer

PAGE = 1000


def when(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def commit_of(repo: GitRepo, revision: str) -> Commit:
    oid = repo.resolve(revision)
    if oid is None:
        raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    return repo.read_commit(oid)


def file_entry(repo: GitRepo, path: str, oid: str) -> dict:
    """A file as `tree` lists it."""
    blob = repo.get(oid)[1]
    if large := read_pointer(blob):
        lfs = {"oid": large[0], "size": large[1], "pointerSize": len(blob)}
        return {"type": "file", "oid": oid, "size": large[1], "path": path, "lfs": lfs}
    return {"type": "file", "oid": oid, "size": len(blob), "path": path}


def folder_entry(path: str, oid: str) -> dict:
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def whoami(request: Handler) -> None:
    if not request.headers.get("Authorization"):
        raise Refusal(401, None, "Invalid username or password.")
    token = {"type": "access_token", "accessToken": {"displayName": "loopback", "role": "write"}}
    request.reply({"type": "user", "id": "0", "name": "me", "fullname": "me", "isPro": False, "orgs": [], "auth": token})


def validate_yaml(request: Handler) -> None:
    head = re.match(r"\s*---\r?\n(.*?)\r?\n---", request.json().get("content", ""), re.DOTALL)
    errors = []
    try:
        if head and not isinstance(yaml.safe_load(head[1]), dict):
            errors.append({"message": "the metadata is not a mapping"})
    except yaml.YAMLError as error:
        errors.append({"message": f"bad YAML: {error}"})
    request.reply({"errors": errors, "warnings": []}, 400 if errors else 200)


def create(request: Handler) -> None:
    wanted = request.json()
    kind, name = wanted.get("type", "model"), f"{wanted.get('organization') or 'me'}/{wanted['name']}"
    url = f"{request.hub.url}/{'datasets/' if kind == 'dataset' else ''}{name}"
    if not request.hub.create(kind, name, private=wanted.get("visibility") == "private"):
        raise Refusal(409, None, f"You already created this {kind} repo", url=url, name=name, id=name)
    request.reply({"url": url, "name": name, "id": name})


def info(request: Handler, kind: str, name: str, revision: str | None) -> None:
    repo = request.hub.repo(request, kind, name)
    commit = commit_of(repo, revision or "main")
    files, about = repo.files(commit.tree), request.hub.about(kind, name)
    readme = repo.get(files["README.md"])[1].decode() if "README.md" in files else ""
    head = re.match(r"---\n(.*?)\n---", readme, re.DOTALL)
    card = json.loads(json.dumps(yaml.safe_load(head[1]), default=str)) if head else {}
    stable = {"_id": "0" * 24, "id": name, "author": name.split("/")[0], "gated": False, "disabled": False}
    counts = {"downloads": 0, "likes": 0, "tags": card.get("tags") or [], "cardData": card}
    dates = {"lastModified": when(commit.seconds), "createdAt": about["created"]}
    siblings = [{"rfilename": path} for path in files]
    request.reply(stable | counts | dates | {"sha": commit.oid, "private": about["private"], "siblings": siblings})


def tree(request: Handler, kind: str, name: str, revision: str, path: str | None) -> None:
    repo = request.hub.repo(request, kind, name)
    commit, below = commit_of(repo, revision), (path or "").strip("/")
    folders = repo.folders(commit.tree)
    if below and below not in folders:
        raise Refusal(404, "EntryNotFound", f'{below} does not exist on "{revision}"')
    entries = [folder_entry(*pair) for pair in folders.items()]
    entries += [file_entry(repo, *pair) for pair in repo.files(commit.tree).items()]
    prefix, recursive = below + "/" if below else "", request.query.get("recursive", "").lower() in ("true", "1")
    entries = [one for one in entries if one["path"].startswith(prefix)]
    entries = [one for one in entries if recursive or "/" not in one["path"].removeprefix(prefix)]
    entries.sort(key=lambda one: one["path"])
    start = int(request.query.get("cursor", "0"))
    here, more = request.path.split("?")[0], start + PAGE < len(entries)
    link = f'<{request.hub.url}{here}?recursive={recursive}&cursor={start + PAGE}>; rel="next"'
    last = {"id": commit.oid, "title": commit.message.split("\n")[0], "date": when(commit.seconds)}
    extra = {"lastCommit": last} if request.query.get("expand", "").lower() in ("true", "1") else {}
    request.reply([one | extra for one in entries[start : start + PAGE]], headers={"Link": link} if more else {})


def auth_check(request: Handler, kind: str, name: str) -> None:
    request.hub.repo(request, kind, name)
    if name in request.hub.read_only:
        raise Refusal(403, None, "you may not write in this repo")
    request.reply({})


def refs(request: Handler, kind: str, name: str) -> None:
    repo = request.hub.repo(request, kind, name)

    def listed(prefix: str) -> list[dict]:
        return [{"name": ref, "ref": f"{prefix}/{ref}", "targetCommit": oid} for ref, oid in repo.refs(prefix).items()]

    request.reply({"branches": listed("refs/heads"), "tags": listed("refs/tags"), "converts": []})


def commits(request: Handler, kind: str, name: str, revision: str) -> None:
    repo = request.hub.repo(request, kind, name)
    history = list(repo.history(commit_of(repo, revision).oid))
    request.reply(
        [{"id": one.oid, "title": one.message, "message": "", "authors": [], "date": when(one.seconds)} for one in history]
    )


def tag(request: Handler, kind: str, name: str, revision: str) -> None:
    repo = request.hub.repo(request, kind, name)
    with repo.lock:
        wanted = request.json()["tag"]
        if wanted in repo.refs("refs/tags"):
            raise Refusal(409, None, "Reference already exists")
        repo.set_ref(f"refs/tags/{wanted}", commit_of(repo, revision).oid)
    request.reply({})


def absent(request: Handler, *_: str) -> None:
    raise Refusal(404, "ResponseNotFound", "a loopback hub has no dataset viewer")


ROUTES = (
    route("GET", "/api/whoami-v2", whoami),
    route("POST", "/api/validate-yaml", validate_yaml),
    route("POST", "/api/repos/create", create),
    route("GET", REPO + "(?:/revision/([^/]+))?", info),
    route("GET", REPO + "/tree/([^/]+)(?:/(.*))?", tree),
    route("GET", REPO + "/auth-check/write", auth_check),
    route("GET", REPO + "/refs", refs),
    route("GET", REPO + "/commits/([^/]+)", commits),
    route("POST", REPO + "/tag/([^/]+)", tag),
    route("GET", "/(parquet|info|splits|rows|size|is-valid)", absent),
)
