"""Every packaged recipe can be planned without data, weights or network; those of the paper run, but with a tiny model."""

from pathlib import Path
from typing import Any

import pytest
import torch
from filling_runs import arenas
from resumed_grpo import vowels
from small_arenas import arenas_version
from small_training import row, sft_version
from transformers import AutoModelForCausalLM

from astra_data import resources
from astra_data.errors import UsageError
from astra_data.hub.store import Store
from astra_data.training import grpo, metrics, sft
from astra_data.training.launch import world_of
from astra_data.training.model import templates
from astra_data.training.plan import Plan
from astra_data.training.push import Trained
from astra_data.training.recipe import GrpoRecipe, Kind, SftRecipe, find, load
from astra_data.training.run import Told
from astra_data.training.scratch import model_of, tokenizer_of
from astra_data.training.sections import Scratch

RECIPES = resources.folder("recipes")
KINDS: tuple[Kind, ...] = ("sft", "grpo")
PACKAGED = [(file.parent.name, kind) for kind in KINDS for file in sorted(RECIPES.glob(f"*/{kind}.yaml"))]
CONFIGS = sorted((RECIPES / "accelerate").glob("*.yaml"))
OF_THE_PAPER = ["astra-14b", "astra-32b"]


def packaged(name: str, kind: Kind, *words: str) -> SftRecipe:
    return load(find(name, kind), kind, words)


def planned(recipe: SftRecipe, kind: Kind, store: Path) -> Plan:
    module: Any = {"sft": sft, "grpo": grpo}[kind]
    plan: Plan = module.plan(recipe, Told(store=store, command="none"))
    return plan


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder on a machine without network or models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(("name", "kind"), PACKAGED)
def test_a_dry_run_of_every_packaged_recipe_needs_neither_data_nor_network(name: str, kind: Kind, offline: Path) -> None:
    plan = planned(packaged(name, kind), kind, offline / "hub")
    assert plan.steps > 0 and (kind == "sft") == (plan.group is None)
    assert f"steps     {plan.steps:,}: " in plan.as_text() and "is not at hand" in plan.as_text()
    assert plan.needs is not None and f"{plan.needs.memory.total / 2**30:.2f} GiB in each process" in plan.as_text()


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_plan_of_the_paper_has_its_steps_batches_and_parallelism(name: str, offline: Path) -> None:
    tuned, taught = (planned(packaged(name, kind), kind, offline / "hub") for kind in KINDS)
    assert (tuned.rows, tuned.batch, tuned.epochs, tuned.steps, tuned.context) == (54_885, 32, 2, 3_432, 20_480)
    assert "54,885 x 2 / 32 = 3,430" in tuned.as_text()
    assert tuned.world.context == {"astra-14b": 2, "astra-32b": 4}[name]
    assert taught.world.data * taught.per_device * taught.accumulation == 256 and taught.world.context == 1
    assert "rollouts  256 a step: 8 in each of 32 arenas" in taught.as_text()
    assert tuned.needs and tuned.needs.parameters == {"astra-14b": 14_768_307_200, "astra-32b": 32_762_123_264}[name]


def test_what_is_trained_by_several_processes_is_planned_in_float32(offline: Path) -> None:
    """Sixteen bytes of weight, gradient and optimizer for a parameter, shared by all processes."""
    needs = planned(packaged("astra-14b", "sft"), "sft", offline).needs
    assert needs is not None
    memory = needs.memory
    assert memory.weights + memory.gradients + memory.optimizer == needs.parameters * 16 // 8


@pytest.mark.parametrize(("name", "kind"), PACKAGED)
def test_an_unknown_key_in_a_packaged_recipe_is_refused(name: str, kind: Kind, offline: Path) -> None:
    with pytest.raises(UsageError, match=rf"^{kind}\.yaml, field data\.trian: unknown key \(did you mean train\?\)"):
        packaged(name, kind, "--data.trian", "x")
    with pytest.raises(UsageError, match=rf"^{kind}\.yaml, field trainer\.learning_rat: unknown key"):
        planned(packaged(name, kind, "--learning_rat", "1"), kind, offline)


def test_both_sizes_are_trained_on_the_same_data() -> None:
    one, other = ((RECIPES / name / "pipeline.yaml").read_text() for name in OF_THE_PAPER)
    assert one == other


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_accelerate_reads_its_configs_and_finds_the_processes_that_a_dry_run_counts(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser
    from accelerate.parallelism_config import ParallelismConfig

    config = load_config_from_file(str(file))
    flags = {action.dest for action in launch_command_parser()._actions}
    assert {*config.fsdp_config, *config.parallelism_config} <= flags, "what no flag of accelerate launch takes is ignored"
    assert config.num_processes == 8 * config.num_machines and config.fsdp_config["fsdp_version"] == 2
    sizes = {key.removeprefix("parallelism_config_"): size for key, size in config.parallelism_config.items()}
    sizes.pop("cp_comm_strategy", None)
    world = world_of(packaged("astra-14b", "sft", "--launch", file.stem), planned=True)
    assert world.processes == config.num_processes and world.context == sizes.get("cp_size", 1)
    assert not sizes or ParallelismConfig(**sizes).total_size == config.num_processes


def test_every_launch_config_that_a_recipe_names_is_packaged() -> None:
    named = {packaged(name, kind).launch for name, kind in PACKAGED} - {None}
    assert named <= {file.stem for file in CONFIGS} and len(named) == 4


def test_a_launch_config_that_is_not_there_is_refused(offline: Path) -> None:
    with pytest.raises(UsageError, match="ten-nodes"):
        planned(packaged("astra-14b", "sft", "--launch", "ten-nodes"), "sft", offline)


ON_A_PROCESSOR = {"sft": [], "grpo": ["--trainer.use_vllm", "false", "--batch", "16"]}
"""What a machine without accelerators changes beside model, data and number of steps: vLLM needs a GPU, and two groups of eight
rollouts instead of 32 are what two cores do in seconds."""


@pytest.fixture(scope="module")
def terse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 in whose tokens conversations are short, and which ends most of its turns soon: all that it embeds has a
    common part, and the end of a turn more of it."""
    folder = tmp_path_factory.mktemp("terse")
    shape = Scratch(layers=2, width=32, heads=2, feed_forward=64, vocabulary=512)
    words = tokenizer_of(shape, [row(number) for number in range(8)], templates()["qwen3"])
    model = model_of(shape, words, context=4096, seed=0)
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] += 1.0
        model.model.embed_tokens.weight[words.eos_token_id, 0] += 0.8
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def curve_of(trained: Trained) -> list[dict[str, float]]:
    return [line for line in metrics.read(Path(trained.folder).parent / "metrics.jsonl") if "loss" in line]


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_sft_of_the_paper_runs_two_steps_unchanged_but_for_a_tiny_model_and_its_data(
    name: str, work: Path, told: Told, terse: Path
) -> None:
    sft_version(Store.open(told.store), count=65)
    recipe = packaged(name, "sft", "--model.name", str(terse), "--data.train", "shop-sft", "--max_steps", "2",
                      *ON_A_PROCESSOR["sft"])
    done = sft.train(recipe, told)
    assert [line["step"] for line in curve_of(done)] == [1, 2] and all(line["grad_norm"] > 0 for line in curve_of(done))
    assert curve_of(done)[-1]["epoch"] == 1.0, "two steps of 32 are the 64 rows"
    assert AutoModelForCausalLM.from_pretrained(done.folder).dtype == torch.bfloat16


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_grpo_of_the_paper_runs_two_steps_unchanged_but_for_a_tiny_model_and_its_data(
    name: str, work: Path, told: Told, terse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpo, "reward_of", vowels)
    arenas_version(Store.open(told.store), arenas(4))
    recipe = packaged(name, "grpo", "--model.name", str(terse), "--data.train", "small-arenas", "--max_steps", "2",
                      *ON_A_PROCESSOR["grpo"])
    assert isinstance(recipe, GrpoRecipe)
    done = grpo.train(recipe, told)
    assert [line["step"] for line in curve_of(done)] == [1, 2] and all(line["grad_norm"] > 0 for line in curve_of(done))
    assert all(line["filling/filled"] == 1.0 for line in curve_of(done))
    AutoModelForCausalLM.from_pretrained(done.folder)


def test_vllm_that_is_not_installed_is_named_before_a_weight_is_loaded(
    work: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpo, "load_model", lambda *_: pytest.fail("the weights were loaded"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    arenas_version(Store.open(told.store), arenas(2))
    recipe = packaged("astra-14b", "grpo", "--model.name", "model", "--data.train", "small-arenas")
    assert isinstance(recipe, GrpoRecipe)
    with pytest.raises(UsageError, match=r"^astra-14b/grpo\.yaml, field trainer\.use_vllm: vLLM is not installed \(pip install"):
        grpo.train(recipe, told)

