"""A model behind an endpoint that belongs to a stranger: what it says, and how it says it over the wire."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.hostile.asked import KEY_HEADER, Draft, answer, asked_recipe, script
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.spoils_code import way_out
from benchmarks.hostile.texts import HALVES, Raw, deep, long, mark, markup, number, text, token, value, wide, written

Json = dict[str, Any]


def lay(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a run or an evaluation that asks the endpoint; see `sites.Lay`."""
    site.sound.copied(["hub", "shop.plan.json", "notes.plan.json"], site.here)
    draft = Draft()
    if spoil:
        spoil(site, draft)
    site.around.endpoint.script = script(draft, site.rng.random())
    if variant == "arena":
        return [astra("evaluate arena", "evaluate", "arena", "sound-arenas", "--model", "stranger", "--base-url",
                      site.around.endpoint.url,
                      "--api-key-env", KEY_HEADER, "--to", "by-stranger", "--limit", "2", "--max-turns", "3",
                      writes=stored("by-stranger")),
                astra("show", "show", "by-stranger"), astra("show ID", "show", "by-stranger", "ID@by-stranger"),
                astra("show rejected", "show", "by-stranger#rejected", may_refuse=True),
                astra("show quarantined", "show", "by-stranger#quarantined", "--json", may_refuse=True),
                astra("push", "push", "by-stranger", "org/pushed", "--incomplete")]
    if variant == "questions":
        names = {"names": ["real estate"], "per_domain": 1}
        asked_recipe(site, "evil", mcp=None, servers=None, workspace=None, arenas=None, questions={"domains": names})
        made = (*stored("evil-questions"), "hub/evil-environments/")
        return [astra("run", "run", "evil.yaml", "--limit", "1", writes=made), astra("show", "show", "evil-questions"),
                astra("show quarantined", "show", "evil-questions#quarantined", "--json", may_refuse=True)]
    asked_recipe(site, "evil", draft.base_url, questions=None, arenas=None, trajectories={"max_turns": 2})
    if variant == "environments":
        return [astra("make environments", "make", "environments", "sound-questions", "--to", "made", "--recipe", "evil.yaml",
                      "--limit", "1",
                      writes=stored("made")),
                *(astra(f"show {config}", "show", f"made#{config}", "--json", may_refuse=True)
                  for config in ("default", "rejected", "quarantined"))]
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in ("chains", "tasks", "trajectories", "sft")))
    names_of = ("chains", "tasks", "trajectories")
    return [astra("run", "run", "evil.yaml", "--limit", "2", writes=made),
            *(astra(f"make {stage}", "make", stage, *sources, "--to", f"made-{stage}", "--recipe", "evil.yaml", "--limit", "2",
                    writes=stored(f"made-{stage}")) for stage, sources in zip(names_of, (
                        ["sound-tools"], ["sound-tools", "sound-chains"], ["sound-tools", "sound-tasks"]), strict=True)),
            *(astra(f"show {stage}", "show", f"made-{stage}#{config}", "--json", may_refuse=True) for stage in names_of
              for config in ("rejected", "quarantined")),
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
        odd = (value(rng, lures), written(value(rng, lures)), deep(rng).text, '{"a": 1e999}', '{"a": NaN}', '"x"',
               f'{{"a": {"9" * 5_000}}}', "{" * 9_999,
               '{"__class__": 1}', json.dumps({"path": str(lures.secret(rng))}), '{"a": "\\ud800"}', "\x1b[31m",
               token(rng, lures))
        calls = [{"id": value(rng, lures), "type": "function",
                  "function": {"name": rng.choice((text(rng, lures), "find_orders", "", None)),
                                                                            "arguments": rng.choice(odd)}}
                 for _ in range(rng.choice((1, 3, 500)))]
        response["choices"][0]["message"] = {"role": "assistant", "content": text(rng, lures),
                                             "tool_calls": rng.choice((calls, calls, value(rng, lures)))}
        return response

    draft.spoil = spoil


def shapes(site: Site, draft: Draft) -> None:
    """Answers of another shape, and values of other types inside those of the right one."""

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        content = response["choices"][0]["message"].get("content")
        if content and "response_format" in request and rng.random() < 0.6:
            response["choices"][0]["message"]["content"] = written(spoiled(rng, json.loads(content), site.lures,
                                                                           rng.randint(1, 3)))
            return response
        found = spoiled(rng, response, site.lures, rng.randint(1, 4))
        return dict(found) if isinstance(found, dict) else {"choices": found}

    draft.spoil = spoil


def code(site: Site, draft: Draft) -> None:
    """Code that reaches out, where code is asked for, and names of functions that are something else."""

    def spoil(rng: random.Random, request: Json, response: Json) -> Json:
        content = response["choices"][0]["message"].get("content")
        if content and "response_format" in request:
            tree = json.loads(content)
            for key in tree if isinstance(tree, dict) else ():
                if isinstance(tree[key], str) and rng.random() < 0.8:
                    line = way_out(site, at_call=True)
                    tree[key] = rng.choice((f"def {tree.get('name', 'x')}(**x):\n    {line}",
                                            f"```python\n{way_out(site, at_call=False)}\n```", line))
            response["choices"][0]["message"]["content"] = json.dumps(tree)
        return response

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
            response["choices"][0]["message"]["content"] = rng.choice((content, f"```json\n{content}", f"<think>{content}",
                                                                       "{" * 50_000, "<think>" * 20_000))
        return response

    draft.spoil = spoil


def errors(site: Site, draft: Draft) -> None:
    """Errors that repeat the key or hold markup, and answers that lead elsewhere."""
    key, rng, lures = site.lures.secrets[KEY_HEADER], site.rng, site.lures
    status = rng.choice(("400 Bad", "401 No", "403 No", "404 No", "402 Pay", "422 No", "429 Slow", "500 Down", "503 Down",
                         "200 OK", "302 Found", "307 There"))
    drawn = markup(rng, lures)
    said = rng.choice((f"the key {key} is wrong", f"Bearer {key}", drawn, f"got Authorization: {key}", drawn * 2_000))
    body = rng.choice((written({"error": {"message": said, "code": drawn, "type": drawn}}), written({"message": said}), said,
                       written([said]), ""))
    header = rng.choice((f"Location: {lures.url(rng)}", "Retry-After: 99999999999", f"Set-Cookie: x={key}",
                         "X-Should-Retry: true", "X: " + "y" * 9_000))

    def wire(source: random.Random, request: bytes, right: bytes) -> Iterable[bytes]:
        yield answer(body.encode(*HALVES), status, header)

    draft.wire = wire


def credentials(site: Site, draft: Draft) -> None:
    """An endpoint whose address holds a key, and that fails in one way or another."""
    rng, key = site.rng, site.lures.secrets[KEY_HEADER]
    base = rng.choice((site.around.endpoint.url, "http://127.0.0.1:9/v1", "http://nowhere.invalid/v1"))
    draft.base_url = rng.choice((base.replace("//", f"//user:{key}@"), f"{base}/{key}", f"{base}?key={key}"))
    errors(site, draft)


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
            yield {"bomb": answer(gzip.compress(b" " * 300_000_000, 9), "200 OK", "Content-Encoding: gzip"),
                   "short": answer(right, length=10**9),
                   "none": b"", "binary": bytes(rng.getrandbits(8) for _ in range(5_000)),
                   "headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000}[what]

    draft.wire = wire


def _slowly(seconds: int) -> Iterator[bytes]:
    import time

    for _ in range(seconds * 2):
        time.sleep(0.5)
        yield b" "


ANSWERS = Kind(lay, ("arena", "run", "questions", "environments"),
               {"contents": contents, "calls": calls, "shapes": shapes, "code": code, "sizes": sizes, "errors": errors,
                "credentials": credentials,
                "wires": wires},
               {"errors": ("run",), "wires": ("run",), "credentials": ("run",), "calls": ("arena", "run"),
                "code": ("environments",)})
