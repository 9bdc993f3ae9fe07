"""One line of text names one dataset; what it does not name is refused with the mend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.errors import UsageError
from astra_data.hub.addresses import (
    CONFIG,
    NAME,
    REPO,
    REVISION,
    TREE,
    FolderAddress,
    HubAddress,
    StoreAddress,
    check_name,
    check_repo,
    parse,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("weather-tasks", StoreAddress("weather-tasks")),
        ("weather-tasks@1f0e2d3c", StoreAddress("weather-tasks", "1f0e2d3c")),
        ("weather-tasks#rejected", StoreAddress("weather-tasks", None, "rejected")),
        (f"v1.2_x@{COMMIT}#ledger", StoreAddress("v1.2_x", COMMIT, "ledger")),
        ("org/tasks", HubAddress("org/tasks")),
        ("hf://datasets/org/tasks", HubAddress("org/tasks")),
        ("org/tasks@v1#rejected", HubAddress("org/tasks", "v1", "rejected")),
        (f"hf://datasets/org/tasks@{COMMIT}", HubAddress("org/tasks", COMMIT)),
        ("org/tasks@refs/convert/parquet", HubAddress("org/tasks", "refs/convert/parquet")),
        ("hf://datasets/org/rows.json", HubAddress("org/rows.json")),
        ("./org/tasks", FolderAddress("./org/tasks")),
        ("../pulled#rejected", FolderAddress("../pulled", "rejected")),
        ("/data/me@home", FolderAddress("/data/me@home")),
        ("~/data", FolderAddress("~/data")),
        (".", FolderAddress(".")),
        ("C:\\data", FolderAddress("C:\\data")),
        ("  weather-tasks ", StoreAddress("weather-tasks")),
    ],
)
def test_an_address_is_read_as_what_it_looks_like(text: str, address: object) -> None:
    assert parse(text) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "write a name in the store, org/name or ./folder"),
        ("#rejected", "write a name in the store"),
        ("tasks#", "leave the # out"),
        ("tasks@", "leave it out"),
        ("tasks@latest", "7 to 40 digits"),
        ("My Tasks", "write my-tasks"),
        ("org/tasks/data", "write org/name"),
        ("org/", "write org/name"),
        ("org/tasks@a..b", "a tag or a branch"),
        ("https://example.org/datasets/org/tasks", "write org/name"),
        ("hf://org/tasks", "write hf://datasets/org/name"),
        ("tools.json", "astra make"),
        ("./tools.jsonl", "astra make"),
        ("/data/rows.JSONL.gz#default", "astra make"),
        ("mcp.yaml", "astra make"),
        ("rows.csv", "astra make"),
    ],
)
def test_what_is_no_address_is_refused_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert mend in caught.value.mend


@pytest.mark.parametrize("name", ["", "-a", ".hidden", "a/b", "Ä", "a" * 97, "a b", "a\n"])
def test_a_name_that_no_folder_should_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


@pytest.mark.parametrize("repo", ["name", "a/b/c", "org/a--b", "org/a..b", "org/a.git", "org/-a", "org/"])
def test_a_repo_id_that_the_hub_refuses_is_refused_here(repo: str) -> None:
    with pytest.raises(UsageError):
        check_repo(repo)


def is_dataset(repo: str) -> bool:
    try:
        return check_repo(repo) == repo
    except UsageError:
        return False


OPTIONAL_CONFIG = st.none() | st.from_regex(CONFIG, fullmatch=True)


@given(st.from_regex(NAME, fullmatch=True), st.none() | st.from_regex(TREE, fullmatch=True), OPTIONAL_CONFIG)
def test_every_store_address_reads_back(name: str, version: str | None, config: str | None) -> None:
    address = StoreAddress(name, version, config)
    try:
        assert parse(str(address)) == address
    except UsageError as error:
        assert "source file" in error.message


@given(st.from_regex(REPO, fullmatch=True).filter(is_dataset), st.from_regex(REVISION, fullmatch=True), OPTIONAL_CONFIG)
def test_every_hub_address_reads_back(repo: str, revision: str, config: str | None) -> None:
    for address in (HubAddress(repo, None, config), HubAddress(repo, revision.replace("..", "."), config)):
        assert parse(str(address)) == address
