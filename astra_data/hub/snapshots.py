"""Commits of Hub datasets on this machine: of one that we made just the files that its lineage names, of any other all files.

    folder, record = bring("org/weather-tasks", "<40-digit commit>")

What is here already needs no request. The sizes and digests that the Hub lists are compared with the lineage before a data file
is downloaded, so that a repo cannot send what its lineage does not name.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from astra_data.errors import DataError, EndpointError, Place
from astra_data.hub import lineage
from astra_data.hub.bounds import MOST_BYTES
from astra_data.hub.client import retried
from astra_data.hub.files import file_at
from astra_data.hub.lineage import FileDigest, Lineage
from astra_data.hub.tree import DATA_FOLDERS

LOOKUP_TRIES = 3
DOWNLOADS = 8
"""Files that are downloaded at a time."""


def bring(repo: str, commit: str) -> tuple[Path, Lineage | None]:
    """The folder of a commit and its lineage, None for a dataset that we did not make; downloaded if need be.

    Raises `DataError` for a lineage that is none, or that the Hub's files do not fit, and `EndpointError` if the Hub cannot be
    asked or has no such commit.
    """
    if (folder := _whole(repo, commit)) and not (folder / lineage.FILE).exists():
        return folder, None
    file = _cached(repo, commit, lineage.FILE) or _lineage_file(repo, commit)
    if file is None:
        return _all_files(repo, commit), None
    folder = file.parent
    record = lineage.read(file_at(folder, lineage.FILE))
    wanted = [one for output in record.outputs for one in output.files]
    if not all(_cached(repo, commit, one.path) for one in wanted):
        ask_commit(repo, commit)
        retried(lambda: _compare(repo, commit, wanted), repo, tries=LOOKUP_TRIES)
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            list(pool.map(lambda one: _download(repo, commit, one.path), wanted))
    return folder, record


def ask_commit(repo: str, revision: str) -> str:
    """The 40-digit commit of a revision, which only the Hub knows."""
    from huggingface_hub import HfApi

    info = retried(lambda: HfApi().repo_info(repo, repo_type="dataset", revision=revision), repo, tries=LOOKUP_TRIES)
    return str(info.sha)


def _cached(repo: str, commit: str, path: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, path, revision=commit, repo_type="dataset")
    return Path(found) if isinstance(found, str) else None


def _whole(repo: str, commit: str) -> Path | None:
    """The folder of a commit if all that the Hub listed for it is on this machine."""
    from huggingface_hub import get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, LocalEntryNotFoundError

    try:
        get_cached_repo_tree(repo, repo_type="dataset", revision=commit)
        return Path(snapshot_download(repo, repo_type="dataset", revision=commit, local_files_only=True))
    except (CachedRepoTreeNotFoundError, LocalEntryNotFoundError):
        return None


def _lineage_file(repo: str, commit: str) -> Path | None:
    """The lineage of a commit, downloaded; None where it has none. The Hub is asked for the commit first, since a download
    would try for long."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    ask_commit(repo, commit)
    url = hf_hub_url(repo, lineage.FILE, repo_type="dataset", revision=commit)
    try:
        size = retried(lambda: get_hf_file_metadata(url).size, repo, tries=LOOKUP_TRIES)
    except EndpointError as error:
        if isinstance(error.__cause__, EntryNotFoundError):
            return None
        raise
    if (size or 0) > MOST_BYTES:
        raise DataError(f"holds more than {MOST_BYTES >> 20} MiB", place=Place(f"{repo}@{commit}/{lineage.FILE}"),
                        mend="astra-data did not write this")
    return _download(repo, commit, lineage.FILE)


def _compare(repo: str, commit: str, wanted: list[FileDigest]) -> None:
    """Raise `DataError` unless the data folders of the commit hold just these files, as far as the Hub's listing tells."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import EntryNotFoundError

    named = {file.path: file for file in wanted}
    missing = set(named)
    for part in DATA_FOLDERS:
        try:
            for entry in HfApi().list_repo_tree(repo, part, recursive=True, revision=commit, repo_type="dataset"):
                file = named.get(entry.path)
                digest = getattr(getattr(entry, "lfs", None), "sha256", None)
                if file is None:
                    raise _wrong(repo, commit, entry.path, "is in no lineage")
                if getattr(entry, "size", None) != file.size or digest not in (None, file.sha256):
                    raise _wrong(repo, commit, entry.path, "is not the one its lineage names")
                missing.discard(entry.path)
        except EntryNotFoundError:
            continue
    for path in sorted(missing):
        raise _wrong(repo, commit, path, "is missing")


def _download(repo: str, commit: str, path: str) -> Path:
    from huggingface_hub import hf_hub_download

    file = Path(retried(lambda: hf_hub_download(repo, path, repo_type="dataset", revision=commit), repo, tries=LOOKUP_TRIES))
    return _of_commit(file, file.parents[path.count("/")], repo, commit)


def _all_files(repo: str, commit: str) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(retried(lambda: snapshot_download(repo, repo_type="dataset", revision=commit), repo, tries=LOOKUP_TRIES))
    return _of_commit(folder, folder, repo, commit)


def _of_commit(path: Path, folder: Path, repo: str, commit: str) -> Path:
    if folder.name != commit:
        raise EndpointError(f"{repo}: asked for commit {commit}, got {folder.name}", mend="report this as a bug")
    return path


def _wrong(repo: str, commit: str, path: str, what: str) -> DataError:
    return DataError(f"the file {what}", place=Place(f"{repo}@{commit}/{path}"), mend="name another commit of it")
