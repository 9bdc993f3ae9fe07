"""What sampling chains costs at the size of the paper's servers: 1,585 of 12 tools, five of them with 642, 64 chains each.

    python -m benchmarks.walks

Every server has five proposals for each of its tools, of two to five tools drawn at random. Measured are CPU seconds
(`time.process_time`) of one core for the graphs and the walks, the least of three runs, since another process may take the cache;
and CPU per walk on the complete graph of 20 tools, from few walks to many.
"""

import random
import sys
import time
from collections.abc import Sequence
from itertools import pairwise, permutations

from astra_data.stages.graph import Graph, sample
from benchmarks.figure import Figure, at_most, equal, show

SERVERS, TOOLS, LARGE, LARGE_TOOLS = 1585, 12, 5, 642
CHAINS = 64
PROPOSALS = 5
CPU_SECONDS = 2.0
LINEAR = 1.5
RUNS = 3
Proposals = list[list[str]]


def proposals(tools: int, rng: random.Random) -> Proposals:
    """Five proposals for each tool."""
    names = [f"tool_{number}" for number in range(tools)]
    return [rng.sample(names, rng.randint(2, 5)) for _ in range(PROPOSALS * tools)]


def sampled(graphs: Sequence[Graph], cap: int) -> list[tuple[str, ...]]:
    """The walks of all graphs, each server with a seed of its own."""
    drawn = enumerate(graphs)
    return [walk.nodes for number, graph in drawn for walk in sample(graph, seed=f"7/chains/{number}", cap=cap, lengths=(2, 5))]


def figures() -> list[Figure]:
    rng = random.Random(7)
    servers = [proposals(TOOLS, rng) for _ in range(SERVERS - LARGE)] + [proposals(LARGE_TOOLS, rng) for _ in range(LARGE)]
    graphs: list[Graph] = []
    walks: list[tuple[str, ...]] = []
    building, sampling = [], []
    for _ in range(RUNS):
        start = time.process_time()
        graphs = [Graph.of(server) for server in servers]
        built = time.process_time()
        walks = sampled(graphs, CHAINS)
        building.append(built - start)
        sampling.append(time.process_time() - built)
    print(f"walks: {len(walks)} over {len(servers)} servers; CPU s of the graphs {building}, of the walks {sampling}")
    return [
        at_most(f"walks: CPU for {CHAINS} chains of each of {SERVERS} servers", min(building) + min(sampling), CPU_SECONDS, "s"),
        equal("walks: chains of all servers", len(walks), SERVERS * CHAINS),
        *complete_graph(),
    ]


def complete_graph() -> list[Figure]:
    """CPU per walk, and what the walks hold, where every tool may follow every other."""
    graph = Graph.of(permutations([f"tool_{number}" for number in range(20)], 2))
    few, many = [], []
    for _ in range(RUNS):
        few.append(_per_walk([graph] * 64, CHAINS))
        many.append(_per_walk([graph] * 4, CHAINS * 16))
    walks = sampled([graph], CHAINS * 16)
    revisits = sum(len(set(walk)) < len(walk) for walk in walks)
    strange = sum(edge not in graph.weights for walk in walks for edge in pairwise(walk))
    return [
        at_most(f"walks: CPU per chain at a cap of {CHAINS * 16} against {CHAINS}", min(many) / min(few), LINEAR, "x"),
        equal("walks: revisits and strange edges on a complete graph", revisits + strange, 0),
    ]


def _per_walk(graphs: Sequence[Graph], cap: int) -> float:
    start = time.process_time()
    walks = sampled(graphs, cap)
    return (time.process_time() - start) / len(walks)


if __name__ == "__main__":
    sys.exit(not show(figures()))
