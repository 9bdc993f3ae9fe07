"""An OpenAI-compatible endpoint on loopback that answers by a script and fails on demand.

    def script(request):                      # the request body; may be async
        return '{"verdict": true}'            # text, or a message dict, or a Fault

    with ScriptedEndpoint(script, faults=[once_each(7, 0.3, [Fault.status(429, retry_after_s=0.01)])]) as endpoint:
        config = ModelConfig(model="scripted", base_url=endpoint.base_url)
        ...
        assert len(endpoint.requests) == 3    # every body, in order of arrival, faulty ones included

A message dict may hold `content`, `tool_calls`, `reasoning_content`, and also `finish_reason` and `usage`, which go
where they belong. Usage is counted in words unless given (`usage: None` leaves it out).

Faults are plans, functions `(index, request) -> Fault | None`; the first that names one decides. `at(index, fault)`,
`always(fault)`, `once_each(seed, rate, faults)` (by content, so that a retry succeeds and the order of arrival is no
matter) and `refuse_formats("json_schema")` make them. Some faults replace the response, others spoil the script's
answer: see `Fault`. What the script itself raises is answered with 500 and raised again when the block ends.

As a process, for runs that get killed or run elsewhere:

    with EndpointProcess("my_scripts:script", log=folder / "requests.jsonl") as endpoint:
        endpoint.base_url; endpoint.requests(); endpoint.admin(faults=False)

which is `python -m scripted_endpoint --script my_scripts:script --log FILE [--port N] [--faults my_scripts:plans]
[--latency S]` with `tests` on the path. The first line it prints is `{"base_url": ...}`. The log has one line
`{"index", "request", "fault"}` per request, flushed before the answer is sent. `POST /_admin {"faults": bool}`
switches all faults, and answers (as does GET) `{"faults", "requests", "peak", "errors"}`.
"""

from scripted_endpoint.faults import Fault, Plan, always, at, once_each, refuse_formats
from scripted_endpoint.process import EndpointProcess
from scripted_endpoint.server import Script, ScriptedEndpoint

__all__ = [
    "EndpointProcess",
    "Fault",
    "Plan",
    "Script",
    "ScriptedEndpoint",
    "always",
    "at",
    "once_each",
    "refuse_formats",
]
