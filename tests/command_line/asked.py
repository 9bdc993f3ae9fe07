"""Cases of who is asked: model endpoints, the Hub, and the person who presses Ctrl-C."""

from scripted_endpoint import Fault

from command_line.arrangements import CLOSED, Case, endpoint, interrupting, no_hub

MODEL = "name: small\nmodels: {default: {model: m, base_url: 'URL', max_retries: 0}}\n"
KEYED = "name: small\nmodels: {default: {model: m, api_key_env: MY_KEY}}\n"
ONLINE = "(go online; until then only a 40-digit commit that was loaded before can be read)"

ASK = "run r.yaml --only tasks"
ENDPOINTS = [
    Case(
        "endpoint: no key",
        ASK,
        2,
        "astra: models.default: the environment variable MY_KEY is not set (export MY_KEY, or name another in ...)",
        {"r.yaml": KEYED},
    ),
    Case(
        "endpoint: a budget without a price",
        f"{ASK} --budget 1",
        2,
        "astra: models.default: a budget needs price and max_tokens, ... (add both ...)",
        {"r.yaml": MODEL.replace("URL", CLOSED)},
    ),
    Case(
        "endpoint: no model for a role",
        ASK,
        2,
        "astra: the recipe names no model for the role 'writer' (add models.writer, or models.default)",
        {"r.yaml": "name: small\nmodels: {judge: offline}\n"},
    ),
    Case(
        "endpoint: down",
        ASK,
        4,
        "astra: models.default: the endpoint cannot be reached (start the server, or check models.default.base_url)",
        {"r.yaml": MODEL.replace("URL", f"{CLOSED}/v1")},
    ),
    Case(
        "endpoint: key refused",
        ASK,
        4,
        "astra: models.default: the endpoint refused ... (HTTP 401) (give a key that may use m, or ...)",
        {"r.yaml": MODEL},
        endpoint(Fault.status(401)),
    ),
    Case(
        "endpoint: unknown model",
        ASK,
        4,
        "astra: models.default: the endpoint does not know the model 'm' (HTTP 404) (check ...)",
        {"r.yaml": MODEL},
        endpoint(Fault.status(404)),
    ),
    Case(
        "endpoint: no credit",
        ASK,
        4,
        "astra: models.default: the account behind ... has no credit left (HTTP 402) (top up the account, ...)",
        {"r.yaml": MODEL},
        endpoint(Fault.status(402)),
    ),
    Case("Hub: away, reading", "show org/x", 4, f"astra: the Hub was not reached for org/x: ... {ONLINE}", within=no_hub),
    Case("Hub: away, pulling", "pull org/x@main", 4, f"astra: the Hub was not reached for org/x: ... {ONLINE}", within=no_hub),
    Case(
        "Hub: away, pushing",
        "push small-tasks org/x",
        4,
        f"astra: the Hub was not reached for org/x: ... {ONLINE}",
        within=no_hub,
    ),
    Case("interrupted", ASK, 130, "astra: interrupted; run the same command again to go on", {"r.yaml": MODEL}, interrupting),
]
