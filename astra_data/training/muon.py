"""Muon in the precision of the weights: the momentum of a matrix, made orthogonal, is its update [Jordan et al. 2024].

    Muon(matrices, lr=5e-3, momentum=0.95, weight_decay=0.05)

PyTorch's own iterates in bfloat16, which a processor without such units does fifty times slower than float32. Matrices of one
shape are made orthogonal together. The update has the size of AdamW's: the rate is that of AdamW times 0.2 * sqrt(longer side).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration that drives singular values towards 1."""
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """For 2-D weights."""

    def __init__(self, weights: Iterable[torch.nn.Parameter], lr: float, momentum: float, weight_decay: float) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every weight that has a gradient."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            alike: dict[tuple[torch.Size, torch.dtype], list[torch.nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.shape, weight.dtype].append(weight)
            for weights in alike.values():
                self._move(weights, group)
        return loss

    def _move(self, weights: list[torch.nn.Parameter], group: dict[str, Any]) -> None:
        rate = group["lr"]
        updates = orthogonal(torch.stack([self._update(weight, group["momentum"]) for weight in weights]))
        for weight, update in zip(weights, updates, strict=True):
            weight.mul_(1 - rate * group["weight_decay"])
            weight.add_(update, alpha=-rate * 0.2 * max(weight.shape) ** 0.5)

    def _update(self, weight: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        """Nesterov's look ahead of the running mean of gradients."""
        state, gradient = self.state[weight], weight.grad
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        mean = state["momentum_buffer"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(mean, momentum)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest matrices, roughly, with singular values near 1; of a stack, each for itself."""
    tall = matrices.size(-2) > matrices.size(-1)
    found = matrices.mT if tall else matrices
    found = found / (torch.linalg.matrix_norm(found, keepdim=True) + 1e-7)
    first, second, third = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = found @ found.mT
        found = first * found + (second * square + third * square @ square) @ found
    return found.mT if tall else found
