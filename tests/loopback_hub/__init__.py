"""A stand-in for the Hugging Face Hub, for unmodified clients on this machine.

    with LoopbackHub(tmp_path / "hub") as hub:
        env = os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_loopback", "HF_HUB_DISABLE_XET": "1"}
        subprocess.run([sys.executable, "publish.py"], env=env, check=True)
        hub.log, hub.errors

Every repo is a real bare git repository, large files lie in an LFS store, so the ids are those that the Hub would give
and `git log` works on them. The clients read HF_ENDPOINT when they are imported, so each runs in a process of its own.
Only what our clients ask for is here: repos of datasets and models, commits, tags, LFS upload, download with ranges.
"""

from loopback_hub.hub import LoopbackHub

__all__ = ["LoopbackHub"]
