"""What a run gives back, and its model on the Hub: one commit for each push.

    published(run, told).url        # 'https://huggingface.co/org/mine'
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astra_data.hub.client import retried
from astra_data.hub.lineage import read_json
from astra_data.hub.pushing import require_push
from astra_data.training import card
from astra_data.training.metrics import telling
from astra_data.training.preflight import marked
from astra_data.training.record import FILE
from astra_data.training.run import Run, Told


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run. `notes` say what became of rows with tokens of the template in their texts; `url` and `commit` are null
    unless it was pushed."""

    name: str
    folder: str
    metrics: dict[str, float]
    notes: list[str] = field(default_factory=list)
    url: str | None = None
    commit: str | None = None

    def as_object(self) -> dict[str, Any]:
        """For machines."""
        return dataclasses.asdict(self)

    def as_text(self) -> str:
        """For people."""
        shown = ", ".join(f"{name} {value:.5g}" for name, value in telling(self.metrics).items())
        where = self.url.removeprefix("https://huggingface.co/") if self.url else self.folder
        pushed = [f"{self.url}  commit {(self.commit or '')[:12]}"] if self.url else []
        return "\n".join([f"{self.name}: {shown}", *self.notes, *pushed, f'    AutoModelForCausalLM.from_pretrained("{where}")'])


def published(run: Run, told: Told) -> Trained:
    """The finished run, pushed if so told. Raises what `push_model` raises."""
    record = read_json(run.model / FILE)
    trained = Trained(run.record.name, str(run.model), record["metrics"], list(_notes(record["data"])))
    if told.push is None or not run.main:
        return trained
    url, commit = push_model(run.model, told.push, private=told.private)
    return dataclasses.replace(trained, url=url, commit=commit)


def _notes(data: dict[str, Any]) -> Iterator[str]:
    """For each set of rows of a record what was told before the run, if there was anything to tell."""
    for name, counts in data.items():
        if told := marked(counts.get("broken", 0), counts.get("refused", [])):
            yield f"{name}: {told}"


def push_model(folder: Path, repo: str, *, private: bool = False) -> tuple[str, str]:
    """Publish a finished model as the Hub model `repo`; returns its URL and commit. Can be repeated.

    The card is rendered again for the name of the repo. Raises `UsageError` where the licence of an ancestor forbids it, and
    `EndpointError` where the Hub refuses or stays away.
    """
    from huggingface_hub import HfApi

    record, api = read_json(folder / FILE), HfApi()
    require_push(repo, "model", private=private, licenses=record["licenses"])
    text = card.render(record, repo)
    (folder / "README.md").write_text(text, encoding="utf-8")
    message = f"{record['name']} by astra-data"
    done = retried(lambda: api.upload_folder(repo_id=repo, folder_path=folder, commit_message=message), repo)
    return f"{api.endpoint}/{repo}", str(done.oid)
