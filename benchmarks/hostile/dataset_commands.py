"""The commands that could take a dataset version, by its kind.

    common("tasks", "3f2a5c1b14949828"), OWN["tasks"]("evil-tasks")
"""

from collections.abc import Callable

from benchmarks.hostile.sites import LOAD, Command, astra, python, stored
from benchmarks.hostile.sound import KINDS

UNLISTED = "row-of-no-lineage"
"""What rows say that no lineage knows of: nothing may serve them."""


def common(kind: str, row: str) -> list[Command]:
    evil = f"evil-{kind}"
    return [
        astra(f"pull {kind}", "pull", "org/evil", "--to", "pulled", writes=stored("pulled")),
        astra(f"pull --json {kind}", "pull", "org/evil", "--json", writes=stored("evil")),
        astra(f"show pulled {kind}", "show", "pulled"),
        astra(f"show {kind}", "show", evil),
        astra(f"show --json {kind}", "show", evil, "--json", keeps=UNLISTED),
        astra(f"show ID {kind}", "show", evil, row),
        astra(f"show ID --why {kind}", "show", evil, row, "--why", may_refuse=True),
        astra(f"show ID --lineage {kind}", "show", evil, row, "--lineage"),
        astra(f"show FOLDER {kind}", "show", "./evil"),
        astra(f"show org/name {kind}", "show", "org/evil"),
        python(f"load(FOLDER) {kind}", LOAD.format(address="./evil"), keeps=UNLISTED),
        python(f"load(org/name) {kind}", LOAD.format(address="org/evil"), keeps=UNLISTED),
        python(f"load(NAME) {kind}", LOAD.format(address=evil), keeps=UNLISTED),
        python(f"load(sound) {kind}", LOAD.format(address=f"sound-{kind}"), keeps=UNLISTED),
        astra(f"push {kind}", "push", evil, "org/pushed", "--incomplete"),
        astra(f"doctor {kind}", "doctor"),
    ]


def _asked(stage: str, *sources: str) -> Command:
    """A stage whose model is behind an endpoint: what is asked of it tells what stands in prompts."""
    return astra(f"make {stage} with a model", "make", stage, *sources, "--to", f"asked-{stage}", "--recipe", "asked.yaml",
                 "--limit", "1",
                 writes=stored(f"asked-{stage}"))


def _make(stage: str, *sources: str) -> Command:
    return astra(f"make {stage} {sources[0]}", "make", stage, *sources, "--to", f"made-{stage}", "--recipe", "evil.yaml",
                 writes=stored(f"made-{stage}"))


def _of_tools(evil: str) -> list[Command]:
    return [_make("chains", evil), _make("trajectories", evil, "sound-tasks"), _asked("chains", evil),
            astra("make trajectories alone", "make", "trajectories", evil, "sound-tasks", "--to", "made-alone",
                  writes=stored("made-alone"), may_refuse=True),
            astra("run --only chains", "run", "evil.yaml", "--only", "chains", writes=stored("evil-chains"))]


def _of_environments(evil: str) -> list[Command]:
    return [
        astra("audit", "audit", evil, "--to", "audited", writes=stored("audited")),
        *(astra(f"convert to {form}", "convert", evil, "--to-format", form, "-o", f"out-{form}", writes=(f"out-{form}/",))
          for form in ("harbor", "astra_rl")),
        _make("arenas", evil),
    ]


def _of_arenas(evil: str) -> list[Command]:
    return [
        *(astra(f"evaluate arena {model}", "evaluate", "arena", evil, "--model", model, "--to", f"by-{model}",
                writes=stored(f"by-{model}")) for model in ("oracle", "random")),
        astra("train grpo --dry-run", "train", "grpo", "--config", "tiny", "--dry-run", "--data.train", evil),
    ]


OWN: dict[str, Callable[[str], list[Command]]] = {
    "tools": _of_tools,
    "chains": lambda evil: [_make("tasks", "sound-tools", evil), _asked("tasks", "sound-tools", evil)],
    "tasks": lambda evil: [
        _make("trajectories", "sound-tools", evil),
        astra("run decontaminate", "make", "tasks", "sound-tools", "sound-chains", "--to", "made-tasks", "--recipe", "evil.yaml",
              "--set", f"tasks.decontaminate.against=[{evil}]", writes=stored("made-tasks")),
        astra("score --tasks", "score", "sound-trajectories", "--tasks", evil, "--to", "scored", writes=stored("scored")),
    ],
    "trajectories": lambda evil: [
        _make("sft", evil), astra("score", "score", evil, "--tasks", "sound-tasks", "--to", "scored", writes=stored("scored")),
        _make("questions", evil), _asked("questions", evil),
        astra("score with a model", "score", evil, "--tasks", "sound-tasks", "--to", "scored-too", "--recipe", "asked.yaml",
              "--limit", "1",
              writes=stored("scored-too")),
    ],
    "sft": lambda evil: [astra("train sft --dry-run", "train", "sft", "--config", "tiny", "--dry-run", "--data.train", evil)],
    "questions": lambda evil: [_make("environments", evil), _asked("environments", evil)],
    "environments": _of_environments,
    "arenas": _of_arenas,
}
WITH_MODEL: dict[str, Callable[[str], Command]] = {
    "arenas": lambda evil: astra("evaluate arena FOLDER", "evaluate", "arena", evil, "--model", "./model", "--to", "by-model",
                                 "--limit", "1",
                                 "--max-turns", "2", "--max-tokens", "8", writes=stored("by-model")),
    "sft": lambda evil: astra("train sft", "train", "sft", "--config", "train.yaml", "--data.train", evil, writes=("runs/",)),
}
TRAIN = """name: train
model: {name: ./model, dtype: float32, template: qwen3_instruct_2507, context: 8192}
data: {train: x, too_long: drop}
trainer: {max_steps: 1, per_device_train_batch_size: 1, learning_rate: 1e-4, bf16: false}
"""
assert set(OWN) == set(KINDS)
