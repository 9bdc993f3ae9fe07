"""Each layer alone holds what it is for; with none of them the same attacks get through, so the tests can fail."""

import pytest
from sandbox.attacks import attacked, reached

from astra_data.errors import SandboxError
from astra_data.sandbox import Sandbox
from astra_data.sandbox.jail import kernel, landlock

FILES = ["read: open", "write: create"]
LOCAL = ["network: tcp", "network: udp"]
UNIX = ["network: unix"]
ABSTRACT = ["network: abstract unix"]
SIGNALS = ["process: signal the victim"]
STARTS = ["process: a thread", "process: fork"]
CALLS = ["memfd_create", "socketpair", "pipe", "eventfd", "timerfd", "uname", "getpeername", "executable memory", "ptrace me"]
HELD_BY = {
    "seccomp": [*FILES, *LOCAL, *UNIX, *ABSTRACT, *SIGNALS, *STARTS],
    "namespaces": [*FILES, *LOCAL, *UNIX, *ABSTRACT],
    "limits": STARTS,
    "landlock": [
        *FILES, *(LOCAL[:1] if landlock.version() >= 4 else []), *([*ABSTRACT, *SIGNALS] if landlock.version() >= 6 else []),
    ],
}
ALL = sorted({name for names in HELD_BY.values() for name in names})


@pytest.mark.parametrize("layer", HELD_BY)
def test_a_layer_alone_holds_what_it_is_for(layer: str) -> None:
    if layer == "landlock" and not landlock.version():
        pytest.skip("this kernel has no Landlock")
    report = attacked("root", hostile=HELD_BY[layer], layers=["uid", layer])
    assert reached(report) == {}


def test_without_the_layers_the_same_attacks_reach_their_canaries() -> None:
    assert sorted(reached(attacked("root", hostile=ALL, layers=["uid"]))) == ALL


def test_without_the_uid_a_file_of_root_is_open_to_the_other_layers_alone() -> None:
    assert attacked("root", layers=[])["uid"] == 0
    assert attacked("root", layers=["uid"])["uid"] != 0


@pytest.mark.skipif(kernel.MACHINE != "x86_64", reason="the table of raw calls is that of x86_64")
def test_raw_calls_get_through_once_the_filter_is_off() -> None:
    assert reached(attacked("root", raw=CALLS, layers=["uid", "seccomp"])) == {}
    off = attacked("root", raw=CALLS, layers=["uid", "namespaces", "landlock"])
    assert sorted(reached(off)) == sorted(f"raw: {name}" for name in CALLS)


@pytest.mark.parametrize("layer", ["seccomp", "limits"])
def test_strict_refuses_to_go_without_a_layer_and_says_the_mend(layer: str) -> None:
    layers = [one for one in ("uid", "namespaces", "landlock", "limits", "seccomp") if one != layer]
    with pytest.raises(SandboxError, match=f"missing {layer}.*or ask for isolation best_effort"):
        Sandbox(workers=1, layers=layers)
    with Sandbox(workers=1, layers=layers, isolation="best_effort") as sandbox:
        assert any(text.startswith(layer) for text in sandbox.isolation.degraded)
        assert sandbox.isolation.failed
