"""`/workspace` to a model is a private folder to a server, and the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.tools.paths import Shown, to_real

ROOT = "/tmp/astra-x1/workspace"


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("/workspace", ROOT),
        ("/workspace/a b/c.txt", f"{ROOT}/a b/c.txt"),
        ("select * from '/workspace/a.db'", f"select * from '{ROOT}/a.db'"),
        ("file:///workspace/x", f"file://{ROOT}/x"),
        ("sqlite:////workspace/x.db", f"sqlite:///{ROOT}/x.db"),
        ("it is in /workspace.", f"it is in {ROOT}."),
        ("a:/workspace/x:/workspace/y", f"a:{ROOT}/x:{ROOT}/y"),
        ("/workspace%2Fx", f"{ROOT}%2Fx"),
        ("like '/workspace%'", f"like '{ROOT}%'"),
        ("/workspaces", "/workspaces"),
        ("/workspace-2/x", "/workspace-2/x"),
        ("/workspace.bak", "/workspace.bak"),
        ("/src/workspace", "/src/workspace"),
        ("./workspace", "./workspace"),
        ("http://host/workspace", "http://host/workspace"),
    ],
)
def test_a_path_is_replaced_as_whole_components(shown: str, real: str) -> None:
    assert to_real({"in": [shown]}, ROOT) == {"in": [real]}


def test_keys_numbers_and_null_stay() -> None:
    assert to_real({"/workspace": [1, None, True, "x"]}, ROOT) == {"/workspace": [1, None, True, "x"]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"wrote {ROOT}/a", "wrote /workspace/a"),
        (f"x{ROOT}", "x/workspace"),
        ("/tmp/astra-x1/home/.cfg", "/home/agent/.cfg"),
        ("%2Ftmp%2Fastra-x1%2Fworkspace%2Fa", "%2Fworkspace%2Fa"),
        ('"\\/tmp\\/astra-x1\\/workspace\\/a"', '"/workspace\\/a"'),
        ("../astra-x1/workspace", "../agent/workspace"),
        ("/root/x and /rooted and root", "/home/user/x and /rooted and root"),
        ("/root/.cache/uv/archive-v0/Ab3_d/lib/x.py", "/home/agent/.cache/uv/archive-v0/env/lib/x.py"),
        ("key hunter22, hunter2222", "key ***, ***"),
    ],
)
def test_texts_show_neutral_paths_and_no_secrets(text: str, shown: str) -> None:
    assert SHOWN(text) == shown


SHOWN = Shown(
    {ROOT: "/workspace", "/tmp/astra-x1/home": "/home/agent", "/tmp/astra-x1": "/tmp", "astra-x1": "agent"},
    frozenset({"hunter22", "hunter2222"}),
    {"/root": "/home/user", "/root/.cache/uv": "/home/agent/.cache/uv"},
)
PARTS = st.lists(st.sampled_from(["a", "b c", "x.txt", "é", ".."]), max_size=3)
PATHS = PARTS.map(lambda parts: "/".join(["/workspace", *parts]))
PIECES = st.one_of(PATHS, st.sampled_from([" ", "\n", "'", "file://", "=", "(", ":", ","]), st.text("abc é'\"<>|", max_size=5))
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS)
def test_what_a_model_writes_comes_back_as_it_was(text: str) -> None:
    assert SHOWN(to_real(text, ROOT)) == text


@given(TEXTS)
def test_no_text_shows_the_private_folder(text: str) -> None:
    assert "astra-x1" not in SHOWN(text.replace("/workspace", ROOT))


@given(PATHS)
def test_a_shown_path_leads_back_to_the_real_one(path: str) -> None:
    real = path.replace("/workspace", ROOT, 1)
    assert to_real(SHOWN(real), ROOT) == real
