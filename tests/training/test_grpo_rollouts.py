"""One batch of four toolsets: each prompt shows its own tools, each call runs in its own episode, only what the policy says is
trained, and the rewards are those of a computation by hand."""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scripted_grpo import ASSISTANT, LIMITS, REWARDS, bench_of, plan_of, plays, trainer_of
from small_arenas import four
from tiny_policy import Script, tiny_tokenizer
from trl import GRPOTrainer

from astra_data.messages import Call, Message, calls_of, results_of
from astra_data.rollout.loop import refused
from astra_data.rollout.scoring import scored, states_of
from astra_data.sandbox import Sandbox
from astra_data.training.bench import Bench
from astra_data.training.episodes import Episode
from astra_data.training.generation import Turn
from astra_data.training.trl_internals import ArenaTrainer


@dataclass
class Batch:
    """One generated batch: the prompts as the engine got them, the episodes, and the tensors that are trained on."""

    trainer: ArenaTrainer
    prompts: list[str]
    sandbox: Sandbox
    episodes: list[Episode]
    tensors: dict[str, Any]

    def of(self, words: str) -> list[Episode]:
        """The four rollouts of one arena."""
        return [episode for episode in self.episodes if words in question(episode)]


def question(episode: Episode) -> str:
    return str(episode.arena.prompt[-1]["content"])


def told(episode: Episode) -> list[str]:
    return [message["content"] for message in episode.said if message["role"] == "tool"]


def run(folder: Path, sandbox: Sandbox, bench: Bench, kind: type[ArenaTrainer] = ArenaTrainer) -> Batch:
    script = Script(tiny_tokenizer(), plays)
    trainer = trainer_of(bench, folder, script, kind)
    trainer.train()
    episodes = [seat.episode for seat in trainer.environments]
    return Batch(trainer, script.prompts[:16], sandbox, episodes, trainer._buffered_inputs[0])


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    with Sandbox(workers=2, limits=LIMITS) as sandbox, bench_of(four(), sandbox) as bench:
        yield run(tmp_path_factory.mktemp("batch"), sandbox, bench)


def test_a_batch_holds_four_toolsets_and_each_prompt_shows_just_its_own_verbatim(batch: Batch) -> None:
    shown = [text.partition("<tools>\n")[2].partition("\n</tools>")[0].split("\n") for text in batch.prompts]
    offered = [[tool for tool in episode.arena.tools if tool["function"]["name"] != "look"] for episode in batch.episodes]
    offered = [[tool for tool in tools if tool["function"]["name"] != "count"] for tools in offered]
    assert shown == [[json.dumps(tool) for tool in tools] for tools in offered]
    assert len({tuple(lines) for lines in shown}) == 4


def test_each_call_runs_in_the_episode_of_its_own_rollout(batch: Batch) -> None:
    """Copies of an arena with a state do not see what the others have paid."""
    assert [told(episode) for episode in batch.of("Take 5")] == [
        ['{"balance": 15}', '{"balance": 3}'], ['Error: arguments.amount: "5" is not of type "integer"'],
        ['{"balance": 15}', '{"balance": 20}', '{"balance": 8}'], [],
    ]


def test_errors_have_the_words_of_the_rollout_loop(batch: Batch) -> None:
    seen = []
    for episode in batch.episodes:
        results = results_of(episode.said)
        for call in calls_of(episode.said):
            refusal = refused(Call(call.id, call.name, call.arguments, 0), episode.tools)
            if refusal is not None:
                assert results[call.id] == refusal.content
                seen.append(refusal.content)
    assert "Error: the arguments are not a JSON object: [1]" in seen and len(seen) == 6
    assert told(batch.of("worth")[1]) == ["Error: KeyError: 'no article Z'"]


def test_three_calls_in_a_row_that_no_tool_may_see_end_a_rollout(batch: Batch) -> None:
    lost = batch.of("Pay 2")[3]
    assert len(told(lost)) == 3 and lost.rollout().terminal == "invalid_calls"
    assert [one.rollout().terminal for one in batch.of("worth")] == ["answered"] * 4


def test_rewards_are_those_by_hand(batch: Batch) -> None:
    for words, rewards in REWARDS.items():
        assert [batch.trainer._bench.reward(episode) for episode in batch.of(words)] == pytest.approx(rewards), words
    in_order = [REWARDS[next(words for words in REWARDS if words in question(episode))] for episode in batch.episodes[::4]]
    assert batch.trainer._given.tolist() == pytest.approx([reward for rewards in in_order for reward in rewards])


def test_the_messages_scored_by_the_one_code_give_the_same_breakdown(batch: Batch) -> None:
    """With the states of calls that are made again; and as a trainer would store the messages, without ids."""
    for episode in batch.episodes:
        states = states_of(episode.arena, episode.messages, batch.sandbox)
        assert scored(episode.arena, episode.messages, states) == episode.scored()
        assert scored(episode.arena, [bare(message) for message in episode.messages], states) == episode.scored()
    assert sum(episode.scored().malformed_turns for episode in batch.episodes) == 1
    assert sum(episode.scored().malformed_calls for episode in batch.episodes) == 1
    assert sum(episode.scored().unknown_calls for episode in batch.episodes) == 4
    assert sum(episode.scored().distractor_calls for episode in batch.episodes) == 1


def bare(message: Message) -> Message:
    """A message as TRL has it."""
    kept = {key: value for key, value in message.items() if key != "tool_call_id"}
    calls = [{key: call[key] for key in ("type", "function")} for call in message.get("tool_calls", ())]
    return kept | ({"tool_calls": calls} if calls else {})


def spelled(batch: Batch) -> set[tuple[str, str]]:
    """(trained text, other text) of each row; TRL shuffles them."""
    decode, rows = batch.trainer._tokenizer.decode, batch.tensors
    masks = zip(rows["completion_ids"], rows["completion_mask"].bool(), rows["tool_mask"].bool(), strict=True)
    return {(decode(ids[real & trained]), decode(ids[real & ~trained])) for ids, real, trained in masks}


def test_just_what_the_policy_says_is_trained(batch: Batch) -> None:
    wanted = set()
    for number, episode in enumerate(batch.episodes):
        turns = plan_of(question(episode))[number % 4][: sum(message["role"] == "assistant" for message in episode.said)]
        results = "".join(_template(episode, index) for index, message in enumerate(episode.messages)
                          if message.get("tool_calls") and index + 1 + len(message["tool_calls"]) < len(episode.messages))
        wanted.add(("".join(f"{turn}<|im_end|>" for turn in turns), results))
    assert spelled(batch) == wanted


def _template(episode: Episode, index: int) -> str:
    """The results of the calls of one message, as the template of Qwen writes them."""
    count = len(episode.messages[index]["tool_calls"])
    results = "".join(f"\n<tool_response>\n{message['content']}\n</tool_response>"
                      for message in episode.messages[index + 1 : index + 1 + count])
    return f"\n<|im_start|>user{results}<|im_end|>\n{ASSISTANT}"


class Stock(ArenaTrainer):
    """The same tools by TRL's own loop."""

    def _tool_call_loop(self, *args: Any) -> Any:
        def made(episode: Episode, name: str, **arguments: Any) -> str:
            episode.messages.append({"role": "assistant", "content": "", "tool_calls": [
                {"id": "", "type": "function", "function": {"name": name, "arguments": arguments}}]})
            return str(episode.work()[0]["content"])

        self._sync_tool_dicts = [{tool["function"]["name"]: functools.partial(made, episode, tool["function"]["name"])
                                  for tool in episode.tools} for episode in self._episodes]
        return GRPOTrainer._tool_call_loop(self, *args)


def test_tokens_and_masks_are_those_of_trls_own_loop(batch: Batch, tmp_path: Path) -> None:
    """Where both make the same calls: TRL's loop says other words of calls that no tool may see, and never gives up."""
    with Sandbox(workers=1, limits=LIMITS) as sandbox, bench_of(four(), sandbox) as bench:
        theirs = spelled(run(tmp_path, sandbox, bench, Stock))
    common = {row for row in spelled(batch) if "Error: " not in row[1]}
    assert len(common) >= 10 and common <= theirs


class Beside(ArenaTrainer):
    """A trainer beside another process, of whose rollouts all sixteen go on in each round."""

    def _most(self, value: int) -> int:
        return max(value, 16)


def test_where_one_vllm_serves_several_processes_each_asks_for_as_many_turns_as_any(tmp_path: Path) -> None:
    """TRL deals the answers out by equal shares. Turns to spare prompts are nobody's."""
    rounds = []

    class Counted(Script):
        def generate(self, model: Any, prompts: Sequence[list[int]], rooms: Sequence[int]) -> list[Turn]:
            rounds.append(len(prompts))
            return super().generate(model, prompts, rooms)

    script = Counted(tiny_tokenizer(), plays)
    with Sandbox(workers=2, limits=LIMITS) as sandbox, bench_of(four(), sandbox) as bench:
        trainer = trainer_of(bench, tmp_path, script, Beside, vllm_tensor_parallel_size=2)
        trainer.train()
        episodes = [seat.episode for seat in trainer.environments[::4]]
        in_order = [REWARDS[next(words for words in REWARDS if words in question(episode))] for episode in episodes]
        assert trainer._given.tolist() == pytest.approx([reward for rewards in in_order for reward in rewards])
    assert rounds == [16] * 6, "a turn, and five after results"
