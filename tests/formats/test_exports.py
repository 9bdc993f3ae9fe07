"""An export lands in its folder and nowhere else, whatever its rows say; and what it writes says only what the rows say."""

import json
import shlex
import subprocess
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from any_rows import JSON, rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_environments import shop, wallet
from small_versions import record

from astra_data.errors import DataError
from astra_data.formats import EXPORTERS, astra_rl, exporter, harbor, harbor_task
from astra_data.formats.card import card
from astra_data.formats.importing import files_in, foreign_rows
from astra_data.rows import Environment, from_dict, identity, new_row, to_dict
from astra_data.rows.environments import EnvironmentTurn, Module

HOSTILE = [
    "../../x", "/etc/cron.d/x", "..", ".", "a/b", "a\\b", "~", "C:x", "nul", "-rf", "a\0b", "x\ny",
    "$(touch canary)", "`touch canary`", "'; touch canary; '", '"; touch canary; "',
    "\nRUN touch canary\n", "\r\ntouch canary", "]]>", "'''\n[metadata]\nx = 1\n'''",
    '"""\n[x]\n"""', "{user}", "{0.__class__}", "%s", "# ", "---\nconfigs: []\n---", "\x1b]0;x\a", "\u202e", "\u2028touch canary",
    "\x85touch canary", "\x7f", "\ud800",
]  # fmt: skip


def environment(**changes: Any) -> Environment:
    """The shop with these columns, and the id that it then has."""
    row: Environment = new_row(Environment, **{name: value for name, value in _values(shop()).items() if name != "id"} | changes)
    return row


def _values(row: Environment) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def around(folder: Path, out: Path) -> list[str]:
    """What lies in a folder but outside of `out`."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_relative_to(out))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "deep" / "deeper" / "out"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("form", EXPORTERS)
@pytest.mark.parametrize("claimed", ["../../x", "/tmp/x", "..", "", "f" * 16, "a/b", "nul", "a\0b", shop().id[:15], wallet().id])
def test_an_environment_with_an_id_of_others_does_not_go_out(form: str, claimed: str, out: Path, tmp_path: Path) -> None:
    before = around(tmp_path, out)
    with pytest.raises(DataError, match="its id is not that of its content"):
        exporter(form).write([replace(shop(), id=claimed)], out, "# card\n")
    assert around(tmp_path, out) == before


@pytest.mark.parametrize("link", [
    "README.md", f"{shop().id}", f"{shop().id}/tests", f"{shop().id}/environment/tools", f"{shop().id}/task.toml",
    f"{shop().id}/solution/solve.sh",
])
@pytest.mark.parametrize("to", ["folder", "file", "nothing"])
def test_a_link_that_is_there_is_not_followed_and_a_file_not_overwritten(link: str, to: str, out: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (out / link).parent.mkdir(parents=True, exist_ok=True)
    (out / link).symlink_to(tmp_path / to)
    with pytest.raises(DataError, match=r"leads out|cannot be written"):
        harbor.write([shop()], out, "# card\n")
    assert (tmp_path / "file").read_text() == "mine" and not list((tmp_path / "folder").iterdir())
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("form", EXPORTERS)
@pytest.mark.parametrize("name", ["README.md", "data", "data/train-00000-of-00001.parquet", f"{shop().id}/instruction.md"])
def test_files_that_were_there_stay_as_they_are(form: str, name: str, out: Path) -> None:
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("mine")
    try:
        exporter(form).write([shop()], out, "# card\n")
    except DataError as error:
        assert "cannot be written" in str(error)
    assert (out / name).read_text() == "mine"


def test_an_environment_that_comes_twice_is_not_written_over_the_first(out: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        harbor.write([shop(), shop()], out, "# card\n")


@pytest.mark.parametrize("word", [word for word in HOSTILE if word not in ("\ud800", "a\0b")])
def test_a_solution_calls_what_it_says_and_nothing_else(word: str, tmp_path: Path) -> None:
    turn = shop().turns[0]
    goals = [replace(turn.goals[0], id=word, tool=word, arguments={word: word}), replace(turn.goals[0], id=word, arguments=None)]
    script = harbor_task.solution(environment(turns=[EnvironmentTurn("x", goals), EnvironmentTurn("y", [])]))
    defined = f'tool() {{ printf "%s\\0" "$@"; }}\n{script}'
    said = subprocess.run(["sh", "-c", defined], cwd=tmp_path, check=True, stdout=subprocess.PIPE).stdout.decode()
    assert said.split("\0")[:-1] == [word, json.dumps({word: word}, ensure_ascii=False), "next_message"]
    assert list(tmp_path.iterdir()) == []
    assert len(script.splitlines()) >= 5 and shlex.split(script, comments=True)


@pytest.mark.parametrize("word", [word for word in HOSTILE if word != "\ud800"])
def test_the_table_of_a_task_holds_what_ours_holds_and_nothing_else(word: str) -> None:
    turn = replace(shop().turns[0], user=word)
    made = environment(turns=[turn], domain=word, source=word, license=word)
    plain, spoiled = tomllib.loads(harbor_task.task_toml(shop())), tomllib.loads(harbor_task.task_toml(made))
    assert spoiled["metadata"]["category"] == word and spoiled["task"]["keywords"] == ["astra", word]
    for each in (plain, spoiled):
        each["metadata"], each["task"] = sorted(each["metadata"]), sorted(each["task"])
    assert plain == spoiled


@pytest.mark.parametrize("source", [
    "import evil", "import evil.deeper as mpmath", "from requests_of_mine import x", "def f():\n    import left_pad\n",
    "try:\n    import evil\nexcept ImportError:\n    pass",
])
def test_a_package_that_a_source_makes_up_is_not_installed(source: str, out: Path) -> None:
    made = environment(modules=[*shop().modules, Module("more", source)])
    with pytest.raises(DataError, match="is not installed for what others wrote"):
        harbor.write([made], out, "# card\n")


@pytest.mark.parametrize("name", ["x", "x\nRUN touch canary", "$(touch canary)", "évil", "__import__('os')"])
def test_what_is_installed_is_named_by_us(name: str) -> None:
    made = environment(modules=[*shop().modules, Module(name, f"import mpmath, {'x' if not name.isidentifier() else name}")])
    lines = harbor_task.files_of(made)["environment/tools/Dockerfile"] if name.isidentifier() else ""
    installed = [line for line in lines.splitlines() if line.startswith("RUN")]
    assert installed in ([], ["RUN pip install --no-cache-dir mpmath"])


@pytest.mark.parametrize("word", [*HOSTILE[:-1], "x\n\n# A heading\n\n[link](javascript:x)"])
@pytest.mark.parametrize("form", EXPORTERS)
def test_the_card_has_one_heading_and_one_head(form: str, word: str) -> None:
    text = card(form, record([], kind="environments", licenses=[word]), word, "0" * 40)
    _, head, body = text.split("\n---\n")[0].removeprefix("---\n"), *text.removeprefix("---\n").split("\n---\n\n", 1)
    assert set(yaml.safe_load(head)) <= {"configs", "license", "license_name", "tags"}
    assert [line[0] for line in body.splitlines() if line.startswith("#")] == ["#"]
    inline = [part.type for token in MarkdownIt().parse(body) for part in (token, *(token.children or ()))]
    assert not {"link_open", "image", "html_block", "html_inline"} & set(inline)


def changed(value: Any, words: st.SearchStrategy[str], data: st.DataObject) -> Any:
    """The value with hostile words in the place of some of its texts."""
    if isinstance(value, dict):
        return {name: changed(part, words, data) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, words, data) for part in value]
    return data.draw(words) if isinstance(value, str) and data.draw(st.integers(0, 5)) == 0 else value


def came_back(form: str, out: Path) -> list[Environment]:
    if form == "harbor":
        return [harbor.read(file.parent) for file in sorted(out.rglob("task.toml"))]
    return [astra_rl.from_row(read(), file, number) for file, number, read in foreign_rows(files_in(out))]


@pytest.mark.parametrize("form", EXPORTERS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_rows_say_nothing_lands_elsewhere_and_what_is_there_comes_back(form: str, data: st.DataObject) -> None:
    words = st.sampled_from(HOSTILE) | st.text(max_size=12)
    base = data.draw(st.sampled_from([to_dict(shop()), to_dict(wallet())]) | rows_of(Environment))
    row = changed(base, words, data)
    if row["tools"] and data.draw(st.booleans()):
        row["tools"][0]["schema"] = data.draw(JSON)
    with tempfile.TemporaryDirectory() as room:
        out = Path(room, "deep", "deeper", "out")
        out.mkdir(parents=True)
        before = around(Path(room), out)
        try:
            named = row if data.draw(st.booleans()) else row | {"id": identity(Environment, row)}
            rows = [from_dict(Environment, named)]
        except TypeError:
            rows = [from_dict(Environment, row)]
        try:
            exporter(form).write(rows, out, "# card\n")
            assert came_back(form, out) == rows
        except DataError:
            pass
        assert around(Path(room), out) == before
        assert all(not path.is_symlink() for path in out.rglob("*"))
