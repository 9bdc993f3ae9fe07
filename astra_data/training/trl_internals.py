"""All that touches the private parts of TRL's GRPOTrainer, which are those of 1.16: tools per row, the tool loop, batch filling.

    trainer = ArenaTrainer(bench, model=model, args=args, train_dataset=rows_of(arenas), processing_class=tokenizer)

TRL gives every row of a dataset the same tools, or those of a class. Here each rollout sits at a `Seat` whose tools are those of
its arena, verbatim. TRL makes the calls of a batch one rollout after another; here all rollouts make those of a turn at once.
Tokens and masks are those that TRL's own loop gives.
"""

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import torch
from trl import GRPOTrainer
from trl.chat_template_utils import parse_response
from trl.models.utils import unwrap_model_for_generation

from astra_data.errors import SandboxError, UsageError
from astra_data.messages import Message
from astra_data.training import filling
from astra_data.training.bench import Bench, Seat
from astra_data.training.episodes import Episode
from astra_data.training.filling import Batch, PromptStream
from astra_data.training.generation import Engine
from astra_data.training.parsing import message_of
from astra_data.training.rendering import renderer_of

TRL: Final = "1.16"
STATE: Final = "filling.json"
"""File of a checkpoint that says where the stream of prompts is."""


def require_trl() -> None:
    """Raise `UsageError` for a TRL whose private parts nobody has read."""
    if not version("trl").startswith(f"{TRL}."):
        raise UsageError(f"this needs TRL {TRL}, and {version('trl')} is installed", mend=f"pip install 'trl=={TRL}.*'")


def _outcome(environments: Sequence[Seat], **_: Any) -> list[float | None]:
    """The reward function that TRL calls."""
    return [environment._bench.reward(environment.episode) for environment in environments]


class ArenaTrainer(GRPOTrainer):
    """GRPO on arenas. `engine` generates in place of TRL; with None TRL does. With `most_refills` above 0 batches are filled."""

    _buffered_inputs: list[Batch] | None

    def __init__(self, bench: Bench, *, engine: Engine | None = None, context: int | None = None, most_refills: int = 0,
                 least_std: float = 1e-4, **theirs: Any) -> None:
        require_trl()
        super().__init__(reward_funcs=[_outcome], environment_factory=lambda: Seat(bench), **theirs)
        self._bench, self._engine, self._most_context = bench, engine, context or math.inf
        self._most_refills, self._least_std = most_refills, least_std
        accelerator = self.accelerator
        self._stream = PromptStream(len(self.train_dataset), self.args.seed, accelerator.process_index, accelerator.num_processes)
        self._suffixes: dict[tuple[tuple[str, str], ...], tuple[list[int], bool]] = {}
        self._renderer = renderer_of(self._tokenizer, self.chat_template, **self.chat_template_kwargs)
        self._rooms: list[int] | None = None
        self._given = torch.empty(0)

    # Prompts and generation

    @property
    def _episodes(self) -> list[Episode]:
        return [seat.episode for seat in self.environments]

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Any]]:
        """Each prompt with its own arena's tools; equal ones are rendered once, and not by TRL, which would wait for a template
        without end. Calls are then parsed as they were written, with the schemas only where a template writes all arguments as
        text."""
        episodes = self._episodes
        first: dict[str, int] = {}
        for number, episode in enumerate(episodes):
            first.setdefault(episode.arena.id, number)
        rendered = {arena: self._renderer.render(prompts[number], episodes[number].tools, opened=True).ids
                    for arena, number in first.items()}
        typed = _writes_arguments_as_text(self._tokenizer)
        self._batch_environments = list(range(len(episodes)))
        self._env_tools = {number: episode.tools if typed else [] for number, episode in enumerate(episodes)}
        return [list(rendered[episode.arena.id]) for episode in episodes], None, {}

    def _generate_single_turn(self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any) -> tuple[list[list[int]], Any]:
        """One turn for each prompt, by the engine if there is one."""
        with self._bench.timed("generation"):
            if self._engine is None:
                ids, logps = super()._generate_single_turn(prompt_ids, *args, **kwargs)
                return ids, logps
            rooms = self._rooms or [int(min(self.max_completion_length, self._context - len(ids))) for ids in prompt_ids]
            with unwrap_model_for_generation(
                self.model_wrapped, self.accelerator, gather_deepspeed3_params=self.args.ds3_gather_for_generation,
                generation_kwargs=self.generation_kwargs, gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
            ) as model:
                return [turn.ids for turn in self._engine.generate(model, prompt_ids, rooms)], None

    # The tool loop

    def _tool_call_loop(self, prompts: list[Any], prompt_ids: list[list[int]], completion_ids: list[list[int]],
                        completions: list[list[Message]], logprobs: Any, images: Any, multimodal_fields: Any) -> tuple[Any, ...]:
        """TRL's loop for texts, with all calls of a turn at once. Ends a rollout where `rollout` would."""
        episodes = self._episodes
        masks = [[1] * len(ids) for ids in completion_ids]
        live = [number for number, ids in enumerate(completion_ids)
                if self._said(number, prompt_ids[number], ids, completions[number][0])]
        for _ in range(self.max_tool_calling_iterations):
            if not self._anyone(live):
                break
            grown = self._worked(live, prompt_ids, completion_ids)
            live = list(grown)
            turns, logps = self._next_turns(grown, prompt_ids)
            for number, turn in zip(live, turns, strict=True):
                told = grown[number][len(prompt_ids[number]) + len(completion_ids[number]) :]
                completion_ids[number] += told + turn
                masks[number] += [0] * len(told) + [1] * len(turn)
                if logprobs is not None:
                    logprobs[number] += [0.0] * len(told) + logps[live.index(number)][: len(turn)]
            parsed = [self._parsed(grown[number], turn, number) for number, turn in zip(live, turns, strict=True)]
            live = [number for number, turn, message in zip(live, turns, parsed, strict=True)
                    if turn and self._said(number, grown[number], turn, message)]
        self._forget()
        records = [record for episode in episodes for record in episode.calls]
        failed = sum(not record.ok for record in records)
        said = [episode.said for episode in episodes]
        return masks, said, completion_ids, logprobs, len(records), failed, [[] for _ in episodes]

    def _said(self, number: int, prompt: Sequence[int], ids: list[int], parsed: Message) -> bool:
        """Add a turn to its episode. Whether it calls tools."""
        episode = self._episodes[number]
        episode.cut = ids[-1] not in self.eos_token_ids
        episode.input_tokens += len(prompt)
        episode.output_tokens += len(ids)
        return episode.say(message_of(parsed, self._tokenizer.decode(ids), self._tokenizer.eos_token, len(episode.messages)))

    def _parsed(self, prompt: list[int], turn: list[int], number: int) -> Message:
        parsed: Message = parse_response(self._tokenizer, turn, prefix=prompt, tools=self._env_tools[number]) if turn else {}
        return parsed

    def _worked(self, live: Sequence[int], prompt_ids: list[list[int]], completion_ids: list[list[int]]) -> dict[int, list[int]]:
        """Make the calls of these rollouts, all at once. The tokens so far of those that go on, results included."""
        episodes = self._episodes
        results = self._bench.work([episodes[number] for number in live])
        grown = {}
        for number, told in zip(live, results, strict=True):
            if told and not episodes[number].lost:
                suffix, broken = self._suffix(told)
                episodes[number].marked |= broken
                ids = prompt_ids[number] + completion_ids[number] + suffix
                if len(ids) - len(prompt_ids[number]) < self.max_completion_length and len(ids) < self._context:
                    grown[number] = ids
                else:
                    episodes[number].withdraw(told)
        return grown

    def _next_turns(self, grown: dict[int, list[int]], prompt_ids: list[list[int]]) -> tuple[list[list[int]], Any]:
        """Generate a turn for each, cut to the room that is left. A rank that has too few takes part with spare prompts."""
        spare = self._asked(len(grown)) - len(grown)
        self._rooms = [int(min(self.max_completion_length + len(prompt_ids[number]), self._context)) - len(ids)
                       for number, ids in grown.items()] + [1] * spare
        turns, logps = self._generate_single_turn([*grown.values(), *[prompt_ids[0]] * spare], None, {}, num_generations=1)
        turns = [turn[:room] for turn, room, _ in zip(turns, self._rooms, grown, strict=False)]
        self._rooms = None
        return turns, logps

    def _asked(self, live: int) -> int:
        """How many turns a rank generates. Where one vLLM serves several ranks, TRL deals out its answers by equal shares."""
        shared = self.vllm_tensor_parallel_size > 1 or (self.use_vllm and self.vllm_mode == "server")
        return self._most(live) if shared else max(1, live)

    def _suffix(self, told: Sequence[Message]) -> tuple[list[int], bool]:
        """The tokens of tool results, as the template writes them, and whether there were tokens of its own in their texts."""
        key = tuple((message["name"], message["content"]) for message in told)
        if key not in self._suffixes:
            results = [{"role": "tool", "name": name, "content": text} for name, text in key]
            self._suffixes[key] = self._renderer.told(results)
        return self._suffixes[key]

    @property
    def _context(self) -> float:
        """The longest sequence that may come about: at most what the generation backend takes."""
        if self.use_vllm and self.vllm_mode == "colocate":
            most: float = self.vllm_generation.llm.llm_engine.model_config.max_model_len
        else:
            most = getattr(self.model.config, "max_position_embeddings", None) or math.inf
        return min(most, self._most_context)

    def _anyone(self, live: Sequence[int]) -> bool:
        """Whether any rank has rollouts that go on: ranks take equally many turns, since generation may be a joint matter."""
        return bool(self._most(len(live)))

    def _most(self, value: int) -> int:
        """The largest value of any rank."""
        if self.accelerator.num_processes == 1:
            return value
        return int(self.accelerator.gather(torch.tensor([value], device=self.accelerator.device)).max())

    def _forget(self) -> None:
        self._suffixes.clear()
        if self._engine is not None:
            self._engine.forget()

    # Rewards and filling

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> torch.Tensor:
        """Rewards by rollout of all ranks. Raises `SandboxError` where no rollout of the batch could be scored."""
        with self._bench.timed("reward"):
            rewards: torch.Tensor = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
            step = self.state.global_step + 1 if self.model.training else None
            for name, value in self._bench.finished(self._episodes, step).items():
                self._metrics["eval" if step is None else "train"][name].append(self._mean(value))
        if self.model.training and rewards.isnan().all():
            failure = next((episode.failure for episode in self._episodes if episode.failure), "no arena has goals")
            raise SandboxError(f"no rollout of the batch has a score: {failure}", mend="astra doctor says what the sandbox lacks")
        first = self.accelerator.process_index * len(inputs)
        self._given = rewards[first : first + len(inputs), 0]
        return rewards

    def _mean(self, value: float | None) -> float:
        """The mean over ranks of what they have."""
        mine = torch.tensor([math.nan if value is None else float(value)], device=self.accelerator.device)
        return float(self.accelerator.gather(mine).nanmean())

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Batch:
        if not (self.model.training and self._most_refills):
            batch: Batch = super()._generate_and_score_completions(inputs)
            return batch
        group = self.num_generations
        parts, report = filling.fill(len(inputs) // group, self._most_refills, self._stream.draw, self._round, self._most, group)
        batch = filling.merged(parts, self._tokenizer.pad_token_id)
        batch["num_items_in_batch"] = self.accelerator.gather(filling.counted_tokens(batch)).sum()
        metrics = self._metrics["train"]
        metrics["filling/filled"].append(self._mean(report.share))
        metrics["filling/refills"].append(float(report.refills))
        metrics["filling/groups"].append(self._mean(report.generated))
        return batch

    def _round(self, rows: Sequence[int]) -> tuple[Batch, list[bool]]:
        """Rollouts of these rows, and which groups are informative."""
        inputs = [self.train_dataset[row] for row in rows for _ in range(self.num_generations)]
        batch = super()._generate_and_score_completions(inputs)
        return batch, filling.informative(self._given, self.num_generations, self._least_std)

    def _prepare_inputs(self, generation_batch: Any) -> Batch:
        """As TRL's. Where a step takes a whole filled batch, rows of like length are computed together: its loss, a mean over the
        tokens of all rows, stays the same."""
        args, before = self.args, self._buffered_inputs
        inputs: Batch = super()._prepare_inputs(generation_batch)
        whole = args.loss_type == "dapo" and args.steps_per_generation == self.current_gradient_accumulation_steps
        if self._buffered_inputs is None or not (self.model.training and self._most_refills and whole):
            return inputs
        if self._buffered_inputs is not before:
            self._buffered_inputs = filling.by_length(self._buffered_inputs)
        part: Batch = self._buffered_inputs[self._step % args.steps_per_generation]
        return filling.narrowed(part)

    # Time and checkpoints

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """As TRL's; says what share of the step its parts took."""
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        metrics = self._metrics["train"]
        if self._step % self.current_gradient_accumulation_steps == 0:
            total = metrics["step_time"][-1]
            for what in ("generation", "tools", "reward"):
                metrics[f"time/{what}"].append(self._bench.seconds[what] / total)
            self._bench.seconds.clear()
        return loss

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            (folder / STATE).write_bytes(orjson.dumps({"position": self._stream.position}))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None and (Path(checkpoint) / STATE).exists():
            self._stream.position = orjson.loads((Path(checkpoint) / STATE).read_bytes())["position"]


def _writes_arguments_as_text(tokenizer: Any) -> bool:
    """Whether only the schemas can tell a number from a text in the calls that this template writes."""
    template = getattr(tokenizer, "response_template", None) or {}
    return bool(template["fields"].get("tool_calls", {}).get("content") != "json") if "fields" in template else False
