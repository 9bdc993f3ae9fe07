"""Whatever secret is put into an idiom of real `mcp.json` files, it is not in what is shown, and what a server says of it is hidden."""

import json
import string
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mcp_idioms import IDIOMS, NAMED, SHAPED, UNNAMED, Idiom

from astra_data import resources
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.plain import ORDINARY, calm_name, plain, wordlike
from astra_data.tools.scrub import Scrub
from astra_data.tools.secrets import mask_arguments, searchable, secret_value

LETTERS = string.ascii_letters + string.digits
RANDOM = st.text(LETTERS, min_size=8, max_size=24).filter(lambda s: any(c.isdigit() for c in s) and any(c.isalpha() for c in s))
ODD = st.text(LETTERS + "!#$%&()*+,./:;<=>?@[]^_`{|}~\\\"' éß🔑", min_size=8, max_size=24)
CANARY = "qX7Kz90aZw"


def shown(idiom: Idiom, secret: str) -> str:
    public = ServerEntry("s", **idiom(secret)).public()
    return json.dumps(public, ensure_ascii=False) + "".join(map(str, [*public.get("args", []), public.get("url"), public.get("command")]))


def hidden(idiom: Idiom, secret: str) -> Scrub:
    return Scrub(ServerEntry("s", **idiom(secret)).secrets({}))


def own(idiom: Idiom, secret: str) -> bool:
    """Whether the secret is none of the idiom's own words, and none that is never searched for."""
    return secret.lower() not in repr(idiom("")).lower() and secret in searchable([secret])


@pytest.mark.parametrize("name", IDIOMS)
def test_no_idiom_shows_its_secret_and_none_is_said_by_a_server(name: str) -> None:
    assert CANARY not in shown(IDIOMS[name], CANARY)
    if name in NAMED | UNNAMED or name in ("base64", "Basic", "quotes inside"):
        assert CANARY not in hidden(IDIOMS[name], CANARY)(f"it is {CANARY}.")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(IDIOMS)), RANDOM)
def test_random_secrets_are_hidden_in_every_idiom(name: str, secret: str) -> None:
    assume(own(IDIOMS[name], secret) and (name in NAMED | SHAPED or not calm_name(secret)))
    assert secret not in shown(IDIOMS[name], secret)
    if name in NAMED | UNNAMED:
        assert secret not in hidden(IDIOMS[name], secret)(f"x {secret} y")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(NAMED)), ODD)
def test_so_are_those_with_characters_that_mean_something_elsewhere(name: str, secret: str) -> None:
    assume(secret == secret.strip(" '\"\\") and not secret.startswith("-") and "}" not in secret and len(secret) >= 8)
    assume(own(NAMED[name], secret))
    assume(not any(mark in name for mark in ("Key=", "Password=")) or ";" not in secret)
    assert secret not in shown(NAMED[name], secret)
    assert secret not in hidden(NAMED[name], secret)(f"x {secret} y")
