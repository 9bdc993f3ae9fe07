"""Addresses: one line of text that names one dataset version.

    >>> parse("weather-tasks@1f0e2d3c#rejected")
    StoreAddress(name='weather-tasks', version='1f0e2d3c', config='rejected')
    >>> parse("org/weather-tasks").repo
    'org/weather-tasks'
    >>> str(parse("./pulled#rejected"))
    './pulled#rejected'

A plain name is always in the store, `org/name` and `hf://datasets/org/name` are always on the Hub, whatever folders
lie around, and a folder starts with `.`, `/`, `~` or a drive. A source file is no address: a stage reads it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from astra_data.errors import UsageError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")
REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
TREE = re.compile(r"[0-9a-f]{7,40}")
CONFIG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FOLDER = re.compile(r"[./~]|[A-Za-z]:[/\\]")
HUB_PREFIX = "hf://datasets/"
LEDGER = "ledger.sqlite"
LONGEST_NAME = 96
LONGEST_ADDRESS, LONGEST_PART = 4096, 255
"""Characters of an address, and bytes of a part of it: what file systems take."""
NO_NAME = re.compile(r"[^a-z0-9._-]+")
SOURCE_SUFFIXES = (".json", ".jsonl", ".gz", ".yaml", ".yml", ".csv")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A dataset in the store. `version` is a tree id or at least 7 digits of one; None is the newest."""

    name: str
    version: str | None = None
    config: str | None = None

    def __str__(self) -> str:
        return _text(self.name, self.version, self.config)


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A dataset on the Hub. `revision` is a commit, tag or branch; None is `main`."""

    repo: str
    revision: str | None = None
    config: str | None = None

    def __str__(self) -> str:
        prefix = HUB_PREFIX if self.repo.endswith(SOURCE_SUFFIXES) else ""
        return _text(prefix + self.repo, self.revision, self.config)


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder that holds one dataset version, as the store and the Hub lay it out."""

    path: str
    config: str | None = None

    def __str__(self) -> str:
        return _text(self.path, None, self.config)


Address = StoreAddress | HubAddress | FolderAddress


def parse(text: str) -> Address:
    """The address that `text` writes. Raises `UsageError` with the mend."""
    text = text.strip()
    if len(text) > LONGEST_ADDRESS or any(len(part.encode(errors="replace")) > LONGEST_PART for part in text.split("/")):
        raise _bad(f"{text[:80]}...", "it is longer than any", "name a dataset of the store, org/name or ./folder")
    head, mark, config = text.rpartition("#")
    if not mark:
        head, config = text, ""
    elif not CONFIG.fullmatch(config):
        raise _bad(text, f"{config!r} is no config name", "write one such as #rejected, or leave the # out")
    if not head:
        raise _bad(text, "it names no dataset", "write a name in the store, org/name or ./folder")
    _refuse_strangers(text, head)
    if FOLDER.match(head):
        return FolderAddress(head, config or None)
    body, mark, version = head.partition("@")
    if mark and not version:
        raise _bad(text, "nothing follows the @", "write a version after it, or leave it out")
    if body.startswith(HUB_PREFIX) or "/" in body:
        return _hub(text, body.removeprefix(HUB_PREFIX), version, config)
    return _stored(text, body, version, config)


def recorded(text: str) -> str:
    """The address as lineages have it: a folder by its last part where its path starts at the root or at home."""
    if not FOLDER.match(text):
        return text
    return f"./{Path(text).name}" if not text.startswith(".") else text.rstrip("/") or text


def name_for(address: str, made: str) -> str:
    """A name in the store for what is `made` of the dataset at `address`: `my-data-rescored` of the folder `./My Data/`."""
    last = address.partition("@")[0].rpartition("/")[2]
    if FOLDER.match(address):
        last = Path(os.path.abspath(Path(address).expanduser())).name  # noqa: PTH100 (resolve() would follow links)
    end = NO_NAME.sub("-", f"-{made}".lower())[: LONGEST_NAME // 2]
    return (NO_NAME.sub("-", last.lower())[: LONGEST_NAME - len(end)] + end).strip("._-")


def check_name(name: str) -> str:
    """`name` itself if a dataset in the store may be called so, else `UsageError`."""
    if name.startswith(LEDGER):
        raise _bad(name, "this is the ledger of a store", "choose another name")
    if NAME.fullmatch(name):
        return name
    fixed = NO_NAME.sub("-", name.lower()).strip("._-")[:LONGEST_NAME]
    raise _bad(
        name,
        "a name in the store is 1 to 96 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit",
        f"write {fixed}" if fixed else "choose another name",
    )


def check_repo(repo: str) -> str:
    """`repo` itself if it is a Hub dataset id `org/name`, else `UsageError`."""
    if REPO.fullmatch(repo) and "--" not in repo and ".." not in repo and not repo.endswith((".git", ".", "-")):
        return repo
    raise _bad(repo, "this is no Hub dataset id", "write org/name, with letters, digits, '.', '_' and single '-'")


def check_tag(tag: str) -> str:
    """`tag` itself if a revision of the Hub may be called so, else `UsageError`."""
    if REVISION.fullmatch(tag) and ".." not in tag and "//" not in tag and not tag.endswith((".", "/", ".lock")):
        return tag
    raise UsageError(f"{tag!r} is no tag", mend="write one such as v1.0, of letters, digits, '.', '_', '-' and single '/'")


def _refuse_strangers(text: str, head: str) -> None:
    if head.startswith(("http://", "https://")):
        raise _bad(text, "an address is not a URL", "write org/name for a dataset on the Hub")
    if head.startswith("hf://") and not head.startswith(HUB_PREFIX):
        raise _bad(text, "only datasets have addresses", f"write {HUB_PREFIX}org/name, or org/name")
    if not head.startswith("hf://") and head.lower().endswith(SOURCE_SUFFIXES):
        raise _bad(text, "this is a source file, not a dataset", "make one of it: astra make STAGE FILE --to NAME")


def _hub(text: str, repo: str, revision: str, config: str) -> HubAddress:
    if revision and (not REVISION.fullmatch(revision) or ".." in revision):
        raise _bad(text, f"{revision!r} is no revision", "write a 40-digit commit, a tag or a branch after the @")
    return HubAddress(check_repo(repo), revision or None, config or None)


def _stored(text: str, name: str, version: str, config: str) -> StoreAddress:
    if version and not TREE.fullmatch(version):
        raise _bad(text, f"{version!r} is no version", "a version in the store is a tree id: 7 to 40 digits of 0-9a-f")
    return StoreAddress(check_name(name), version or None, config or None)


def _text(body: str, version: str | None, config: str | None) -> str:
    return body + (f"@{version}" if version else "") + (f"#{config}" if config else "")


def _bad(text: str, message: str, mend: str) -> UsageError:
    return UsageError(f"address {text!r}: {message}", mend=mend)
