"""Publishing: a version of the store becomes one commit and one tag of a Hub dataset, and comes back the same.

    published = push(store.version("weather-tasks"), "org/weather-tasks")
    published.tag                                               # 'v-5c1b14949828'
    pull("org/weather-tasks", published.tag, store).tree == store.version("weather-tasks").tree

Whatever is interrupted can be called again: files that arrived are not sent twice, nothing is visible before the
commit, and a version that is already there makes none.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astra_data.errors import DataError, Place, UsageError
from astra_data.hub import cards, lineage
from astra_data.hub.addresses import HubAddress, check_name, check_repo, check_tag
from astra_data.hub.client import retried
from astra_data.hub.files import MEND, check_files, configs_of, file_at, tree_named
from astra_data.hub.lineage import Lineage
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.pushing import require_push
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import DATA_FOLDERS, blob_id

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_one_push_a_repo: dict[str, threading.Lock] = {}


@dataclass(frozen=True, slots=True)
class Published:
    """Where a version is on the Hub. `sent` and `skipped` count the files that changed and that were there already."""

    repo: str
    commit: str
    tag: str
    url: str
    sent: int
    skipped: int


def push(
    version: Version,
    repo: str,
    *,
    private: bool = False,
    tag: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Published:
    """Make `version` the head of the Hub dataset `repo`, which is created if need be, and tag it.

    Every version gets the tag `v-<12 digits of its tree>`; `tag` is one more. Data files of the previous version go in
    the same commit. A public push is refused (`UsageError`) if an ancestor's recorded licence forbids it;
    others, and the absence of any, are written on the card. Raises `DataError` for damaged files and the lineage of another
    version, `EndpointError` if the Hub stays away or refuses.
    """
    from huggingface_hub import HfApi

    record, api = version.lineage(), HfApi()
    if tag is not None:
        check_tag(tag)
    if tree_named(record) != version.tree:
        raise DataError("the lineage is that of another version", place=Place(str(version.record)), mend=MEND)
    check_files(version.path, record)
    with _one_push_a_repo.setdefault(check_repo(repo), threading.Lock()):
        require_push(repo, "dataset", private=private, licenses=record.licenses, sleep=sleep)
        commit, sent, skipped = retried(lambda: _commit(api, version, record, repo, tag), repo, sleep=sleep)
        for name in {cards.tag(version.tree), tag or cards.tag(version.tree)}:
            retried(lambda name=name: _tag(api, repo, name, commit), repo, sleep=sleep)  # type: ignore[misc]
    url = f"{api.endpoint}/datasets/{repo}"
    return Published(repo, commit, tag or cards.tag(version.tree), url, sent, skipped)


def pull(repo: str, revision: str | None, store: Store, name: str | None = None) -> Version:
    """Copy a revision of a Hub dataset, `main` if None, into the store, under the last part of `repo` or as `name`.

    Just the files that its lineage names are copied, with a card of ours; it counts as no run's. Raises `DataError` for a dataset
    that we did not make, `UsageError` where it would take the name of one of which this store made a version, though `name` does
    not say so, and what `resolve` raises.
    """
    taken = check_name(check_repo(repo).split("/")[1].lower() if name is None else name)
    place = resolve(HubAddress(check_repo(repo), revision))
    if place.record is None or place.commit is None:
        raise DataError("has no lineage.json: astra-data did not write it", place=Place(place.address),
                        mend="load it by its address, or import rows with `astra make KIND rows.jsonl --to NAME`")
    if name is None and store.has_runs(taken):
        raise UsageError(f"{taken} is a dataset that this store made", mend="name the pulled one with --to NAME")
    return store.adopt(place.path, place.record, taken, Origin(repo, place.commit))


def _commit(api: "HfApi", version: Version, record: Lineage, repo: str, tag: str | None) -> tuple[str, int, int]:
    """One try: (commit, files sent, files unchanged). Based on the head as it is now, so safe to repeat."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.hf_api import RepoFile

    head = str(api.repo_info(repo, repo_type="dataset").sha)
    listed = api.list_repo_tree(repo, recursive=True, revision=head, repo_type="dataset")
    there = {one.path: one.lfs.sha256 if one.lfs else one.blob_id for one in listed if isinstance(one, RepoFile)}
    ours = _contents(version, record, repo)
    changed = {path: content for path, (content, listed) in ours.items() if there.get(path) != listed}
    stale = [path for path in there if path.split("/")[0] in DATA_FOLDERS and path not in ours]
    _require_free_tag(api, repo, tag, head, bool(changed or stale))
    if not changed and not stale:
        return head, 0, len(ours)
    adds = [CommitOperationAdd(path, content) for path, content in changed.items()]
    deletes = [CommitOperationDelete(path) for path in stale]
    done = api.create_commit(
        repo,
        [*adds, *deletes],
        commit_message=f"{version.name} {cards.tag(version.tree)}",
        repo_type="dataset",
        parent_commit=head,
    )
    return str(done.oid), len(changed), len(ours) - len(changed)


def _contents(version: Version, record: Lineage, repo: str) -> dict[str, tuple[Path | bytes, str]]:
    """Path in the repo -> file of the version, and what the Hub lists for it: of Parquet files, which are in LFS, the SHA-256 in
    the lineage, of others the git blob id. The card is rendered again, since it shows the name of the repo."""
    card = cards.render(version.name, version.tree, record, configs_of(record), repo)
    texts = {lineage.FILE: lineage.dump(lineage.to_json(record)), "README.md": card.encode()}
    files = (file for output in record.outputs for file in output.files)
    data: dict[str, tuple[Path | bytes, str]] = {file.path: (file_at(version.path, file.path), file.sha256) for file in files}
    return data | {path: (text, blob_id(text)) for path, text in texts.items()}


def _require_free_tag(api: "HfApi", repo: str, tag: str | None, head: str, changes: bool) -> None:
    at = _tags(api, repo).get(tag) if tag else None
    if at and (changes or at != head):
        raise UsageError(f"{repo} has a tag {tag} already, on commit {at}", mend="choose another tag")


def _tags(api: "HfApi", repo: str) -> dict[str, str]:
    return {ref.name: ref.target_commit for ref in api.list_repo_refs(repo, repo_type="dataset").tags}


def _tag(api: "HfApi", repo: str, name: str, commit: str) -> None:
    """Tag a commit. A version's own tag that stands on an older commit with the same data stays there."""
    api.create_tag(repo, tag=name, revision=commit, repo_type="dataset", exist_ok=True)
