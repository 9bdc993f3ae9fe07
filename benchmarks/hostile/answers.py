"""A model behind an endpoint that belongs to a stranger: what it says, and how it says it over the wire.

    site.around.endpoint.script = sound_script(seed)          # answers that fit what is asked
"""

import gzip
import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.hostile.around import Script
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.sound import recipe
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.texts import Raw, deep, long, mark, markup, number, text, token, value, wide, written

Json = dict[str, Any]
KEY_HEADER = "LURE_KEY"


@dataclass
class Draft:
    """What is done to the sound answer to one request: to its JSON, then to the bytes on the wire."""

    spoil: Callable[[random.Random, Json, Json], Json] = lambda rng, request, response: response
    wire: Callable[[random.Random, bytes, bytes], Iterable[bytes]] = lambda rng, request, said: [answer(said)]


def asked_recipe(site: Site, name: str, **changes: Any) -> None:
    """A recipe whose models are all behind the endpoint. It waits four seconds, and never asks twice."""
    model = {"model": "stranger", "base_url": site.around.endpoint.url, "api_key_env": KEY_HEADER, "timeout_s": 4, "max_retries": 0,
             "max_tokens": 500}
    plans = {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}
    recipe(site.here, {} if changes.get("mcp", "") is None else plans, name=name, models={"default": model}, **changes)


def answer(body: bytes, status: str = "200 OK", *headers: str, kind: str = "application/json", length: int | None = None) -> bytes:
    """A response as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode() + body


def completed(request: Json, message: Json, **more: Any) -> Json:
    """The object around a message."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": request.get("model", ""), "choices": [choice],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}, **more}


def sound_response(rng: random.Random, request: Json) -> Json:
    """An answer of the shape that is asked for; of a rollout one call, then a text."""
    form = request.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema = form["json_schema"]["schema"]
        return completed(request, {"content": json.dumps(instance(rng, schema, schema))})
    tools = request.get("tools")
    if tools and not any(message.get("role") == "tool" for message in request["messages"]):
        function = rng.choice(tools)["function"]
        schema = function.get("parameters") or {}
        call = {"id": "c", "type": "function", "function": {"name": function["name"], "arguments": json.dumps(instance(rng, schema, schema))}}
        return completed(request, {"content": None, "tool_calls": [call]})
    return completed(request, {"content": "It is done."})


def instance(rng: random.Random, schema: Any, root: Any, depth: int = 0) -> Any:
    """A value that mostly fits a schema."""
    if not isinstance(schema, dict) or depth > 9:
        return "x"
    if isinstance(schema.get("$ref"), str):
        return instance(rng, root.get("$defs", {}).get(schema["$ref"].rpartition("/")[2], {}), root, depth + 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(choice), list) and schema[choice]:
            return instance(rng, rng.choice(schema[choice]), root, depth + 1)
    if "const" in schema or isinstance(schema.get("enum"), list):
        return schema.get("const", rng.choice(schema.get("enum") or [None]))
    kind = schema.get("type", "string")
    kind = rng.choice(kind) if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties")
        return {key: instance(rng, part, root, depth + 1) for key, part in properties.items()} if isinstance(properties, dict) else {}
    if kind == "array":
        return [instance(rng, schema.get("items"), root, depth + 1) for _ in range(rng.choice((1, 2)))]
    plain = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return plain[kind] if isinstance(kind, str) and kind in plain else "Find the newest order of the customer C-1, please."


def script(draft: Draft, seed: Any) -> Script:
    """Answers drawn by what is asked, so that a run can be had again."""

    def said(body: bytes) -> Iterator[bytes]:
        rng = random.Random(f"{seed}/{hashlib.sha256(body).hexdigest()}")
        request = json.loads(body)
        response = draft.spoil(rng, request, sound_response(rng, request))
        yield from draft.wire(rng, body, written(response).encode("utf-8", "surrogatepass"))

    return said


def sound_script(seed: Any) -> Script:
    return script(Draft(), seed)


def lay(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a run or an evaluation that asks the endpoint; see `sites.Lay`."""
    site.sound.copied(["hub", "shop.plan.json", "notes.plan.json"], site.here)
    draft = Draft()
    if spoil:
        spoil(site, draft)
    site.around.endpoint.script = script(draft, site.rng.random())
    if variant == "arena":
        return [astra("evaluate arena", "evaluate", "arena", "sound-arenas", "--model", "stranger", "--base-url", site.around.endpoint.url,
                      "--api-key-env", KEY_HEADER, "--to", "by-stranger", "--limit", "2", "--max-turns", "3", writes=stored("by-stranger")),
                astra("show", "show", "by-stranger"), astra("show ID", "show", "by-stranger", "ID@by-stranger"),
                astra("show rejected", "show", "by-stranger#rejected", may_refuse=True), astra("show quarantined", "show", "by-stranger#quarantined", "--json", may_refuse=True),
                astra("push", "push", "by-stranger", "org/pushed", "--incomplete")]
    if variant == "questions":
        names = {"names": ["real estate"], "per_domain": 1}
        asked_recipe(site, "evil", mcp=None, servers=None, workspace=None, arenas=None, questions={"domains": names})
        made = (*stored("evil-questions"), "hub/evil-environments/")
        return [astra("run", "run", "evil.yaml", "--limit", "1", writes=made), astra("show", "show", "evil-questions"),
                astra("show quarantined", "show", "evil-questions#quarantined", "--json", may_refuse=True)]
    asked_recipe(site, "evil", questions=None, arenas=None, trajectories={"max_turns": 2})
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in ("chains", "tasks", "trajectories", "sft")))
    names_of = ("chains", "tasks", "trajectories")
    return [astra("run", "run", "evil.yaml", "--limit", "2", writes=made),
            *(astra(f"make {stage}", "make", stage, *sources, "--to", f"made-{stage}", "--recipe", "evil.yaml", "--limit", "2",
                    writes=stored(f"made-{stage}")) for stage, sources in zip(names_of, (
                        ["sound-tools"], ["sound-tools", "sound-chains"], ["sound-tools", "sound-tasks"]), strict=True)),
            *(astra(f"show {stage}", "show", f"made-{stage}#{config}", "--json", may_refuse=True) for stage in names_of for config in ("rejected", "quarantined")),
            astra("push", "push", "made-tasks", "org/pushed", "--incomplete")]


def contents(site: Site, draft: Draft) -> None:
    """Texts of markup, tokens and marks in answers of the right shape."""
    draw = site.rng.choice((markup, markup, token, mark, text, long))

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        message = response["choices"][0]["message"]
        if message.get("content") and "response_format" in request:
            message["content"] = json.dumps(texts_spoiled(rng, json.loads(message["content"]), site.lures, 0.6, draw))
        else:
            message["content"] = f"{message.get('content') or ''}{draw(rng, site.lures)}"
        message["reasoning_content"] = draw(rng, site.lures)
        return response

    draft.spoil = spoil


def calls(site: Site, draft: Draft) -> None:
    """Calls of tools that are none, with arguments that are none."""

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        lures = site.lures
        odd = (value(rng, lures), written(value(rng, lures)), deep(rng).text, '{"a": 1e999}', '{"a": NaN}', '"x"', f'{{"a": {"9" * 5_000}}}', "{" * 9_999,
               '{"__class__": 1}', json.dumps({"path": str(lures.secret(rng))}), '{"a": "\\ud800"}', "\x1b[31m", token(rng, lures))
        calls = [{"id": value(rng, lures), "type": "function", "function": {"name": rng.choice((text(rng, lures), "find_orders", "", None)),
                                                                            "arguments": rng.choice(odd)}} for _ in range(rng.choice((1, 3, 500)))]
        response["choices"][0]["message"] = {"role": "assistant", "content": text(rng, lures), "tool_calls": rng.choice((calls, calls, value(rng, lures)))}
        return response

    draft.spoil = spoil


def shapes(site: Site, draft: Draft) -> None:
    """Answers of another shape, and values of other types inside those of the right one."""

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        content = response["choices"][0]["message"].get("content")
        if content and "response_format" in request and rng.random() < 0.6:
            response["choices"][0]["message"]["content"] = written(spoiled(rng, json.loads(content), site.lures, rng.randint(1, 3)))
            return response
        found = spoiled(rng, response, site.lures, rng.randint(1, 4))
        return dict(found) if isinstance(found, dict) else {"choices": found}

    draft.spoil = spoil


def sizes(site: Site, draft: Draft) -> None:
    """Numbers, nestings and lengths that no reader expects."""

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        drawn = rng.choice((deep(rng), wide(rng), long(rng, site.lures), number(rng)))
        content = drawn.text if isinstance(drawn, Raw) else str(drawn)
        if rng.random() < 0.4:
            response["usage"] = {"prompt_tokens": number(rng), "completion_tokens": drawn, "total_tokens": None}
        elif rng.random() < 0.3:
            response[rng.choice(("x", "choices", "usage", "error"))] = drawn
        else:
            response["choices"][0]["message"]["content"] = rng.choice((content, f"```json\n{content}", f"<think>{content}", "{" * 50_000, "<think>" * 20_000))
        return response

    draft.spoil = spoil


def errors(site: Site, draft: Draft) -> None:
    """Errors that repeat the key or hold markup, and answers that lead elsewhere."""
    key, rng, lures = site.lures.secrets[KEY_HEADER], site.rng, site.lures
    status = rng.choice(("400 Bad", "401 No", "403 No", "404 No", "402 Pay", "422 No", "429 Slow", "500 Down", "503 Down", "200 OK", "302 Found", "307 There"))
    drawn = markup(rng, lures)
    said = rng.choice((f"the key {key} is wrong", f"Bearer {key}", drawn, f"got Authorization: {key}", drawn * 2_000))
    body = rng.choice((written({"error": {"message": said, "code": drawn, "type": drawn}}), written({"message": said}), said, written([said]), ""))
    header = rng.choice((f"Location: {lures.url(rng)}", "Retry-After: 99999999999", f"Set-Cookie: x={key}", "X-Should-Retry: true", "X: " + "y" * 9_000))

    def wire(source: random.Random, request: bytes, right: bytes) -> Iterable[bytes]:
        yield answer(body.encode("utf-8", "surrogatepass"), status, header)

    draft.wire = wire


def wires(site: Site, draft: Draft) -> None:
    """Bodies that do not end, that swell, or that are not what their headers say."""
    what = site.rng.choice(("endless", "bomb", "short", "none", "binary", "chunks", "dripping", "headers", "redirects"))

    def wire(rng: random.Random, request: bytes, right: bytes) -> Iterable[bytes]:
        if what == "endless":
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
            for _ in range(20_000):
                yield b" " * 100_000
        elif what == "dripping":
            yield answer(right, length=len(right) + 10_000)
            yield from _slowly(60)
        elif what == "chunks":
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n" + right
        elif what == "redirects":
            yield answer(b"", "307 There", f"Location: {site.around.endpoint.url}/chat/completions")
        else:
            yield {"bomb": answer(gzip.compress(b" " * 300_000_000, 9), "200 OK", "Content-Encoding: gzip"), "short": answer(right, length=10**9),
                   "none": b"", "binary": bytes(rng.getrandbits(8) for _ in range(5_000)),
                   "headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000}[what]

    draft.wire = wire


def _slowly(seconds: int) -> Iterator[bytes]:
    import time

    for _ in range(seconds * 2):
        time.sleep(0.5)
        yield b" "


ANSWERS = Kind(lay, ("arena", "run", "questions"), {"contents": contents, "calls": calls, "shapes": shapes, "sizes": sizes, "errors": errors,
                                                    "wires": wires}, {"errors": ("run",), "wires": ("run",), "calls": ("arena", "run")})
