"""`astra show` of rows that a stranger wrote: each is shown, no text reaches the terminal as anything but text."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from any_rows import rows_of
from command_line import Astra
from filled_inputs import texts_in
from hostile_texts import TERMINAL, UNSEEN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_versions import record

from astra_data.characters import visible
from astra_data.cli import show
from astra_data.hub.lineage import FileDigest, Funnel, Output
from astra_data.hub.store import Store
from astra_data.hub.tree import CONFIG_FOLDERS, sha256_file
from astra_data.hub.writer import Writer
from astra_data.rows import ROW_TYPES, identity

ALL = " | ".join(text for kind, text in TERMINAL.items() if kind != "halves")
WORDS = {"role", "type", "passed", "kind"}
"""Fields by which a row is shown, or an answer compared, one way or the other."""


def spoilt(value: Any, text: Callable[[str], str], field: str = "") -> Any:
    """The value with every text replaced but those of `WORDS`."""
    if isinstance(value, str):
        return value if field in WORDS else text(value)
    if isinstance(value, dict):
        return {name: spoilt(part, text, name) for name, part in value.items()}
    return [spoilt(part, text, field) for part in value] if isinstance(value, list) else value


def hostile_rows(kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of texts that are hostile, for each text another, with ids that fit them."""
    known: dict[str, str] = {}
    made = [spoilt(row, lambda text: known.setdefault(text, f"{ALL} {len(known)}")) for row in rows]
    return [row | {"id": identity(ROW_TYPES[kind], row)} for row in made]


def store_version(folder: Path, name: str, kind: str, rows: list[dict[str, Any]]) -> None:
    """A version with these rows, accepted and rejected ones, whose lineage is hostile, too."""
    store, outputs = Store.open(folder), []
    with store.staging(name) as staging:
        for config in ("default", "rejected"):
            refused = config == "rejected"
            with Writer(staging / CONFIG_FOLDERS[config], ROW_TYPES[kind], refused=refused) as writer:
                for row in rows:
                    writer.refuse(row, row["id"], [ALL]) if refused else writer.write(row)
            path = f"{CONFIG_FOLDERS[config]}/{writer.written.files[0]}"
            digest = FileDigest(path, sha256_file(staging / path), (staging / path).stat().st_size)
            outputs.append(Output(config, writer.written.rows, len(rows), [digest]))
        funnel = Funnel(2 * len(rows), len(rows), {ALL: len(rows)})
        store.commit(name, staging, record(outputs, kind=kind, stage="strange", funnel=funnel, command=ALL))


@pytest.mark.parametrize("kind", ROW_TYPES)
def test_hostile_rows_are_shown_as_text_in_every_way(astra: Astra, made: Path, kind: str) -> None:
    rows = hostile_rows(kind, astra("show", f"small-{kind}", "--json").lines())
    store_version(made, "strange", kind, rows)
    assert astra("show", "strange", "--json").lines() == rows, "JSON is valid, and the rows again"
    row_id = rows[0]["id"]
    for address in ("strange", "strange#rejected"):
        for words in ([], ["--json"], [row_id], [row_id, "--json"], [row_id, "--lineage"], [row_id, "--why"]):
            said = astra("show", address, *words)
            assert said.code == 0 or (said.code == 2 and "has no scores" in said.err), said.err
            assert not UNSEEN.search(said.out + said.err)
            assert "Traceback" not in said.err
    shown = astra("show", "strange", row_id).out
    assert "\\x1b[31mred" in shown and "[/foo]" in shown and ":smile:" in shown
    assert "\nastra: interrupted" not in astra("show", "strange").out


def printed(rows: list[dict[str, Any]]) -> str:
    with redirect_stdout(io.StringIO()) as out:
        for row in rows:
            show._say(show._as_far_as_it_fits(show._lines, row))
        show.plain_console(width=120).print(show._table(rows, 9))
    return out.getvalue()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), kind=st.sampled_from(list(ROW_TYPES)))
def test_any_row_is_shown_whatever_its_json_looks_like(data: st.DataObject, kind: str) -> None:
    row = data.draw(rows_of(ROW_TYPES[kind]))
    text = data.draw(st.sampled_from(list(TERMINAL.values())))
    assert not UNSEEN.search(printed([row, spoilt(row, lambda _: text)]))


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [{}]}, {"messages": [{"role": "user", "content": [1]}, None]}, {"messages": ["x"], "tools": [[]]},
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"function": {}}]}]},
        {"messages": [], "calls": [], "tools": [None, 7]},
    ],
)  # fmt: skip
def test_a_row_whose_json_is_not_ours_is_told_and_left_out(astra: Astra, made: Path, changes: dict[str, Any]) -> None:
    row = astra("show", "small-trajectories", "--json").lines()[0] | changes
    store_version(made, "strange", "trajectories", [row | {"id": identity(ROW_TYPES["trajectories"], row)}])
    said = astra("show", "strange")
    assert said.code == 0 and "the row is left out" in said.err and "Traceback" not in said.err
    assert "Traceback" not in astra("show", "strange", row["id"]).err


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("kind", [kind for kind in TERMINAL if kind != "halves"])
def test_errors_that_quote_an_argument_or_an_address_are_text(astra: Astra, kind: str) -> None:
    text = TERMINAL[kind].replace("\x00", "")
    for words in (["show", text], ["show", "small-tasks", text], ["show", f"--{text}"], [text], ["show", f"small-tasks#{text}"],
                  ["run", f"{text}.yaml"], ["convert", text, "--to", text], ["make", "tasks", text, "--to", text],
                  ["run", "demo", f"{text}=1", "--dry-run"], ["pull", text], ["push", text, text]):
        said = astra(*words)
        assert said.code != 0
        assert not UNSEEN.search(said.out + said.err), words
        assert "Traceback" not in said.err, words
        assert not any(line.startswith("astra: interrupted") for line in said.err.splitlines())


def test_an_inner_error_with_a_hostile_message_is_a_traceback_without_sequences(
    astra: Astra, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*told: Any) -> Any:
        raise RuntimeError(ALL)

    monkeypatch.setattr(show, "resolve", broken)
    said = astra("show", "small-tasks")
    assert said.code == 1 and "Traceback" in said.err and "RuntimeError" in said.err
    assert not UNSEEN.search(said.err)


def test_the_texts_of_these_tests_are_hostile() -> None:
    assert UNSEEN.search(ALL) and visible(ALL) != ALL and json.loads(json.dumps(ALL)) == ALL
    assert all(UNSEEN.search(text) or kind in ("markup", "emoji codes", "a message of ours") for kind, text in TERMINAL.items())
    assert list(texts_in({"a": ["b"]})) == ["a", "b"]
