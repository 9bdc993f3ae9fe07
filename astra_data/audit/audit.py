"""The audit of one environment: every check, and how much of what was tried fooled it.

    found = audit(environment, bench)
    found.passed                          # no check failed, and none is missing
    replace(environment, audit=found.checks, hackability=found.hackability)

What the checks look for is told in `docs/audit.md`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from astra_data.audit.behaviour import CHECKS, behaviour_checks, fooled
from astra_data.audit.bench import Bench
from astra_data.audit.contract import argument_faults, needed_check, signature_checks, structure_check
from astra_data.audit.domains import domain_of, tables_of, texts_in
from astra_data.audit.finding import NOT_MADE, goals_of, not_made, properties, verdict
from astra_data.audit.gold import Passes, gold_checks, ordered, play
from astra_data.audit.leakage import answers_listed, leakage_check
from astra_data.audit.mutants import Mutant, mutants_of, optioned
from astra_data.audit.probing import Probe, Seen, probed
from astra_data.audit.source import source_check
from astra_data.errors import DataError, SandboxError
from astra_data.messages import JsonObject
from astra_data.rollout.goals import Made, ask_for_state, parsed, same
from astra_data.rollout.replay import Played, gold_calls, replay
from astra_data.rollout.reward import breakdown
from astra_data.rollout.running import Planned, result_of
from astra_data.rollout.toolbox import Diverged
from astra_data.rows.environments import AuditCheck, Environment
from astra_data.tools.result import ToolBackendDown

READ = ("structure", "source", "needed", "signature")
EXECUTED = ("json", "determinism", "isolation", "crosstalk", *CHECKS, "leakage", "replay", "defaults")
MOST_BY_DEFAULT = 0.5
"""The F1 that calling every tool once without arguments must stay below [A 21.3.9]."""


@dataclass(frozen=True, slots=True)
class Audit:
    """`hackability` is the share of probes that got what only the gold call may get, in [0, 1], null if no probe was made: every
    mutant of a gold call, the empty rollout, and the rollout that calls every tool once without arguments."""

    checks: list[AuditCheck]
    hackability: float | None

    @property
    def failed(self) -> list[AuditCheck]:
        return [check for check in self.checks if check.passed is False]

    @property
    def complete(self) -> bool:
        """Whether every check could be made that applies."""
        return not any(check.passed is None and check.evidence.startswith(NOT_MADE) for check in self.checks)

    @property
    def passed(self) -> bool:
        return self.complete and not self.failed

    @property
    def reasons(self) -> list[str]:
        """One per failed check, in the form in which stages reject."""
        return [f"audit: {check.check} - {f'{check.tool}: ' if check.tool else ''}{check.evidence}" for check in self.failed]


def audit(environment: Environment, bench: Bench) -> Audit:
    """Audit an environment. Whatever its code does is a finding; a failure of the sandbox leaves the audit incomplete."""
    read = [*structure_check(environment), *source_check(environment)]
    if any(check.passed is False for check in read):
        return Audit([*read, *(not_made(name, None, f"{_failing(read)} failed") for name in EXECUTED)], None)
    read += [*needed_check(environment), *signature_checks(environment)]
    if unknown := [goal.id for goal in goals_of(environment) if goal.arguments is None]:
        why = f"the gold calls of {', '.join(unknown)} are not known"
        return Audit([*read, *(not_made(name, None, why) for name in EXECUTED)], None)
    try:
        return _executed(environment, bench, read)
    except (ToolBackendDown, SandboxError, Diverged) as down:
        return Audit([*read, *(not_made(name, None, f"the sandbox failed: {down}") for name in EXECUTED)], None)


def _failing(checks: list[AuditCheck]) -> str:
    return ", ".join(check.check for check in checks if check.passed is False)


def _executed(environment: Environment, bench: Bench, read: list[AuditCheck]) -> Audit:
    passes = play(environment, bench)
    first = passes.first[0]
    if first.loaded:
        failed = verdict("replay", None, [first.loaded], "")
        return Audit([*read, failed, *(not_made(name, None, first.loaded) for name in EXECUTED if name != "replay")], None)
    probes = list(_probes(environment))
    later, alone = _once_more(first.seen, probes), _alone(environment, first.seen)
    made = probed(environment, [*probes, *(probe for _, probe in later), *alone], bench.probing)
    seen = made[: len(probes)]
    again = [(seen[first_time] if isinstance(first_time, int) else first_time, other)
             for (first_time, _), other in zip(later, made[len(probes) :], strict=False)]
    alone_seen = made[len(probes) + len(later) :]
    mutants = [each for each in seen if each.probe.mutant.kind not in ("listed", "unlisted")]
    careless = _careless(environment, bench)
    checks = [
        *read, *gold_checks(environment, passes, seen, again, alone_seen), *behaviour_checks(environment, first.seen, mutants),
        *leakage_check(environment, seen), _replayed(environment, passes, bench),
        verdict("defaults", None, [careless] if isinstance(careless, str) else [], f"every tool called once gives {careless}"),
    ]
    judged = [each for each in mutants if each.outcome is not None and each.probe.goal.match.kind != "call"]
    lost = sum(map(fooled, judged)) + isinstance(careless, str)
    return Audit(checks, lost / (len(judged) + 2))


def _alone(environment: Environment, gold: Sequence[Seen]) -> list[Probe]:
    """The gold calls, each as the first call of all where there is a state."""
    return [replace(each.probe, before=()) for each in gold] if ask_for_state(environment.turns) else []


def _once_more(gold: Sequence[Seen], probes: Sequence[Probe]) -> list[tuple[Seen | int, Probe]]:
    """Calls to be made after all `probes`, each with what came of it before, or the place of its probe: the gold calls, but for
    goals that are calls, then some mutants of each tool, from the last to the first."""
    before: tuple[tuple[str, JsonObject], ...] = ()
    later = list[tuple[Seen | int, Probe]]()
    for each in gold:
        if each.probe.goal.match.kind != "call":
            later.append((each, replace(each.probe, before=before)))
        before = (*before, (each.probe.goal.tool, each.probe.mutant.arguments))
    some = {(each.goal.tool, each.mutant.argument, each.mutant.kind): (at, each) for at, each in enumerate(probes)}
    return [*later, *reversed(some.values())]


def _probes(environment: Environment) -> Iterator[Probe]:
    """Every mutant of every gold call that an answer or a state makes worth it."""
    schemas, tables = {tool.name: tool for tool in environment.tools}, tables_of(environment)
    known = frozenset(text for table in tables for text in texts_in(table))
    before: list[tuple[str, dict[str, object]]] = []
    met = set[str]()
    for turn, goal in ordered(environment):
        tool = schemas[goal.tool]
        if goal.match.kind != "call":
            domain = domain_of(goal, environment, tables, properties(tool.schema))
            listed = [Mutant(kind, name, {**goal.arguments, name: each}) for name, value in answers_listed(environment, tool)
                      for kind, each in (("listed", value), ("unlisted", "zq-1-xv"))]
            more = optioned(goal, tool.schema) if tool.name not in met else ()
            met.add(tool.name)
            for mutant in (*mutants_of(goal, tool.schema, domain, known), *more, *listed):
                yield Probe(goal, turn, mutant, tuple(before))
        before.append((goal.tool, goal.arguments))


def _replayed(environment: Environment, passes: Passes, bench: Bench) -> AuditCheck:
    """The row as a learner gets it: gold calls are worth 1, none are worth 0, and all is as recorded."""
    faults = list(argument_faults(environment))
    for seen in passes.first[0].seen:
        goal = seen.probe.goal
        if goal.response is not None and seen.outcome is not None and not same(goal.response, seen.outcome.value):
            faults.append(f"{goal.tool} gave {seen.content[:80]} for {goal.id}, which is not what is recorded")
    try:
        played = _as_seen(environment, passes) or replay(environment, gold_calls(environment), bench.probing)
    except DataError as error:
        return verdict("replay", None, [str(error)], "")
    if played.breakdown.f1 != 1.0:
        faults.append(f"the gold calls score {played.breakdown.f1:.3g}; not reached: {', '.join(played.breakdown.unsolved)}")
    if played.final_state_reached is False:
        faults.append("the gold calls end in another state than the recorded one")
    if breakdown(environment.turns, [], {}).f1 != 0.0:
        faults.append("the empty rollout scores more than 0")
    return verdict("replay", None, faults, "gold calls score 1, the empty rollout 0")


def _as_seen(environment: Environment, passes: Passes) -> Played | None:
    """The first pass as the replay that it was: the same calls in a new episode. None where a replay does
    more: it reads the state, or it goes on after a call that ends its episode."""
    made = []
    for each in passes.first[0].seen:
        if environment.world.dump is not None or each.outcome is None or not each.outcome.alive:
            return None
        goal, content = each.probe.goal, result_of(each.outcome).content
        made.append(Made(goal.tool, goal.arguments, parsed(content), each.probe.turn))
    return Played(environment, made=made)


def _careless(environment: Environment, bench: Bench) -> str | float:
    """What calling every tool once without arguments scores; a sentence where that is too much."""
    last = len(environment.turns) - 1
    calls: list[list[Planned]]
    calls = [[(tool.name, {}) for tool in environment.tools if tool.from_turn == turn or (turn == last and tool.from_turn > turn)]
             for turn in range(len(environment.turns))]
    if goals_of(environment) and not environment.turns[0].goals and last:
        calls = [[], *calls[1:]]
        calls[1] = [(tool.name, {}) for tool in environment.tools if tool.from_turn <= 1] or calls[1]
    try:
        score = replay(environment, calls, bench.probing).breakdown.f1
    except DataError as error:
        return str(error)
    return f"calling every tool once without arguments scores {score:.3g}" if score >= MOST_BY_DEFAULT else round(score, 3)


def audited(environment: Environment, found: Audit) -> Environment:
    """The environment with what its audit found. What others noted beside an earlier audit stays: merges, or tools left out."""
    notes = [each for each in environment.audit if each.check not in (*READ, *EXECUTED)]
    return replace(environment, audit=[*found.checks, *notes], hackability=found.hackability)
