"""`python -m scripted_endpoint --script module:function [--log FILE] [--port N] [--faults module:plans]`."""

import argparse
import asyncio
import importlib
import json
from pathlib import Path
from typing import Any

from scripted_endpoint.server import ScriptedEndpoint


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripted_endpoint")
    parser.add_argument("--script", required=True, help="module:function")
    parser.add_argument("--faults", help="module:name of a list of plans")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    args = parser.parse_args()
    faults = _named(args.faults) if args.faults else ()
    endpoint = ScriptedEndpoint(_named(args.script), faults, latency_s=args.latency, log=args.log, port=args.port)
    asyncio.run(endpoint.serve(lambda: print(json.dumps({"base_url": endpoint.base_url}), flush=True)))


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


if __name__ == "__main__":
    main()
