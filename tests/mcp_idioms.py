"""How people write secrets into an `mcp.json`: one entry for each idiom, with the secret where such people put it.

for name, idiom in IDIOMS.items():
    entry = ServerEntry("s", **idiom("x7Kq90aZ"))
"""

import base64
import json
import shlex
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

Idiom = Callable[[str], dict[str, Any]]
RUN = ("-y", "@scope/server-thing")


def arguments(*words: str, command: str = "npx") -> dict[str, Any]:
    return {"transport": "stdio", "command": command, "args": (*RUN, *words)}


def remote(url: str, **headers: str) -> dict[str, Any]:
    return {"transport": "http", "url": url, "headers": headers}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def bare(command: str, *words: str, **env: str) -> dict[str, Any]:
    return {"transport": "stdio", "command": command, "args": words, "env": env}


NAMED: dict[str, Idiom] = {
    "flag": lambda s: arguments("--api-key", s),
    "flag=": lambda s: arguments(f"--token={s}"),
    "one hyphen": lambda s: arguments("-token", s),
    "one hyphen=": lambda s: arguments(f"-api-key={s}"),
    "--header": lambda s: arguments("--header", f"Authorization: Bearer {s}"),
    "--header=": lambda s: arguments(f"--header=X-Api-Key:{s}"),
    "-H": lambda s: arguments("-H", f"X-Api-Key: {s}"),
    "-H glued": lambda s: arguments(f"-HX-Api-Key: {s}"),
    "header by itself": lambda s: arguments(f"Authorization: Bearer {s}"),
    "mcp-remote": lambda s: arguments("mcp-remote", "https://mcp.example.com/sse", "--header", f"Authorization:Bearer {s}"),
    "JSON": lambda s: arguments(json.dumps({"token": s, "retries": 3})),
    "JSON after a flag": lambda s: arguments("--config", json.dumps({"auth": {"apiKey": s}})),
    "-p": lambda s: arguments("-p", s),
    "-p glued": lambda s: arguments(f"-p{s}"),
    "-u": lambda s: arguments("-u", f"joe:{s}"),
    "--user=": lambda s: arguments(f"--user=joe:{s}"),
    "-e": lambda s: bare("docker", "run", "-i", "--rm", "-e", f"GITHUB_TOKEN={s}", "mcp/github"),
    "-e glued": lambda s: bare("docker", "run", f"-eAPI_KEY={s}", "mcp/github"),
    "--env=": lambda s: bare("docker", "run", f"--env=PASSWORD={s}", "mcp/github"),
    "env": lambda s: bare("env", f"API_TOKEN={s}", "server-thing"),
    "KEY=value": lambda s: arguments(f"API_KEY={s}"),
    "sh -c": lambda s: bare("sh", "-c", f"TOKEN={shlex.quote(s)} exec server-thing --mode stdio"),
    "sh -c with a flag": lambda s: bare("bash", "-lc", f"exec server-thing --token {shlex.quote(s)}"),
    "in the command": lambda s: bare(f"env TOKEN={shlex.quote(s)} server-thing"),
    "default of a variable": lambda s: bare("server-thing", "--token", f"${{MISSING:-{s}}}"),
    "netrc": lambda s: arguments(f"machine example.com login joe password {shlex.quote(s)}"),
    "user of a URL": lambda s: arguments(f"https://{quote(s, safe='')}@example.com/x"),
    "password of a URL": lambda s: arguments(f"postgres://joe:{quote(s, safe='')}@db:5432/shop"),
    "URL after a flag": lambda s: arguments("--dsn", f"redis://:{quote(s, safe='')}@localhost:6379/0"),
    "query of a URL": lambda s: arguments(f"https://mcp.example.com/mcp?api_key={quote(s, safe='')}"),
    "fragment of a URL": lambda s: arguments(f"https://mcp.example.com/mcp#access={quote(s, safe='')}"),
    "Password=": lambda s: arguments(f"Server=tcp:db,1433;User Id=sa;Password={s};Encrypt=true"),
    "AccountKey=": lambda s: arguments(f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={s};EndpointSuffix=x.net"),
    "SharedAccessKey=": lambda s: arguments("--conn", f"Endpoint=sb://x.net/;SharedAccessKeyName=all;SharedAccessKey={s}"),
    "libpq": lambda s: arguments(f"host=db user=joe password={shlex.quote(s)} dbname=shop"),
    "percent": lambda s: arguments("--secret", "".join(f"%{octet:02x}" for octet in s.encode())),
    "variable": lambda s: bare("server-thing", GITHUB_TOKEN=s),
    "variable of JSON": lambda s: bare("server-thing", OPTIONS=json.dumps({"headers": {"authorization": s}})),
    "variable of a URL": lambda s: bare("server-thing", DATABASE=f"mysql://joe:{quote(s, safe='')}@db/x"),
    "http header": lambda s: remote("https://mcp.example.com/mcp", Authorization=f"Bearer {s}"),
    "header of odd case": lambda s: remote("https://mcp.example.com/mcp", **{"x-aPi-kEy": s}),
    "http query": lambda s: remote(f"https://mcp.example.com/mcp?token={quote(s, safe='')}"),
    "http user": lambda s: remote(f"https://joe:{quote(s, safe='')}@mcp.example.com/mcp"),
    "http path": lambda s: remote(f"https://mcp.example.com/s/{quote(s, safe='')}/mcp"),
}
"""Idioms that say of the secret that it is one, so that it may be any word."""

UNNAMED: dict[str, Idiom] = {
    "an argument": lambda s: arguments(s),
    "after a flag of another meaning": lambda s: arguments("--profile", s),
    "unknown=": lambda s: arguments(f"--profile={s}"),
    "FOO=": lambda s: bare("env", f"FOO={s}", "server-thing"),
    "the command": lambda s: bare(f"/opt/{quote(s, safe='')}/bin/server"),
    "a part of a path": lambda s: remote(f"https://mcp.example.com/hub/{quote(s, safe='')}/sse"),
    "a variable of another meaning": lambda s: bare("server-thing", PROFILE=s),
    "default by itself": lambda s: bare("server-thing", f"${{MISSING:-{s}}}"),
    "in the middle": lambda s: arguments(f"[{s}]"),
    "quoted": lambda s: arguments(f"'{s}'"),
}
"""Idioms that say nothing of it, so that it has to look like no plain word."""

SHAPED: dict[str, Idiom] = {
    "base64": lambda s: arguments("--auth", encoded(f"joe:{s}")),
    "Basic": lambda s: remote("https://mcp.example.com/mcp", Authorization=f"Basic {encoded(f'joe:{s}')}"),
    "JWT": lambda s: arguments(f"eyJhbGciOiJIUzI1NiJ9.{encoded(s).rstrip('=')}.c2lnbmF0dXJl"),
    "subdomain": lambda s: remote(f"https://{s.lower()}.mcp.example.com/sse"),
    "PEM": lambda s: bare("server-thing", KEY=f"-----BEGIN PRIVATE KEY-----\n{s}{s}{s}\nab12cd34ef56\n-----END PRIVATE KEY-----"),
    "quotes inside": lambda s: bare("sh", "-c", f"TOKEN={s[:4]}'{s[4:6]}'\"{s[6:]}\" server-thing"),
    "AWS": lambda s: arguments(f"AKIA{s.upper()[:8]:X<16}"),
    "GitHub": lambda s: arguments(f"ghp_{s}{s}{s}"),
    "Slack": lambda s: arguments(f"xoxb-12345678-{s}"),
    "OpenAI": lambda s: arguments(f"sk-proj-{s}-{s}9"),
    "Hub": lambda s: arguments(f"hf_{s}{s}{s}"),
}
"""Idioms for letters and digits alone."""

IDIOMS = NAMED | UNNAMED | SHAPED
