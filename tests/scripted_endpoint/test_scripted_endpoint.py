"""The endpoint that other tests rely on does what it says."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from scripted_endpoint import EndpointProcess, Fault, ScriptedEndpoint, once_each


def post(base_url: str, content: str) -> dict[str, Any]:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": content}]}).encode()
    request = urllib.request.Request(f"{base_url}/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        reply: dict[str, Any] = json.load(response)
    return reply


def test_what_a_script_raises_is_raised_again_when_the_block_ends() -> None:
    def broken(request: dict[str, Any]) -> str:
        raise KeyError("mine")

    def work() -> None:
        with ScriptedEndpoint(broken) as endpoint, pytest.raises(urllib.error.HTTPError, match="500"):
            post(endpoint.base_url, "x")

    with pytest.raises(KeyError, match="mine"):
        work()


def test_planned_faults_depend_on_the_content_and_not_on_its_order() -> None:
    faulty = []
    for texts in (range(60), reversed(range(60))):
        plan = once_each(11, 0.4, [Fault("fence"), Fault("cut")])
        bodies = {n: {"messages": [{"content": str(n)}]} for n in texts}
        faulty.append({n: plan(0, body) for n, body in bodies.items()})
        assert not any(plan(1, body) for body in bodies.values())
    assert faulty[0] == faulty[1]
    assert 10 < sum(fault is not None for fault in faulty[0].values()) < 40


def test_as_a_process_it_logs_and_its_faults_can_be_switched(tmp_path: Path) -> None:
    (tmp_path / "admin_script.py").write_text(
        "from scripted_endpoint import Fault, always\nplans = [always(Fault.status(503))]\ndef script(r): return 'hi'\n"
    )
    log = tmp_path / "log.jsonl"
    with EndpointProcess("admin_script:script", log, faults="admin_script:plans", path=(tmp_path,)) as endpoint:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            post(endpoint.base_url, "x")
        assert endpoint.admin(faults=False) == {"faults": False, "requests": 1, "peak": 1, "errors": []}
        assert post(endpoint.base_url, "y")["choices"][0]["message"]["content"] == "hi"
        lines = endpoint.requests()
    assert [(line["index"], line["fault"]) for line in lines] == [(0, "status"), (1, None)]
    assert lines[1]["request"]["messages"][0]["content"] == "y"
