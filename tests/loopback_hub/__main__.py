"""`python -m loopback_hub ROOT --port 8099`: serve a folder until interrupted."""

import argparse
import contextlib
import threading
from pathlib import Path

from loopback_hub.hub import LoopbackHub

parser = argparse.ArgumentParser(prog="loopback_hub", description=__doc__)
parser.add_argument("root", type=Path)
parser.add_argument("--port", type=int, default=0)
arguments = parser.parse_args()
with contextlib.suppress(KeyboardInterrupt), LoopbackHub(arguments.root, port=arguments.port) as hub:
    print(f"export HF_ENDPOINT={hub.url} HF_TOKEN=hf_loopback HF_HUB_DISABLE_XET=1", flush=True)
    threading.Event().wait()
