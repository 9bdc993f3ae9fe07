"""Muon for the matrices of a small model, AdamW for the rest.

    optimizer = muon_with_adamw(model, Optimizer(kind="muon"))

Muon makes the update of a matrix orthogonal [Jordan et al. 2024]; embeddings, norms and the output layer, which it does not suit,
go to AdamW. To trainer and scheduler the two are one optimizer.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from astra_data.training.muon import Muon
from astra_data.training.sections import Optimizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Paired(torch.optim.Optimizer):
    """Several optimizers that step as one. Their groups are shared, so that a scheduler moves the rates of all."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        super().__init__([group for part in parts for group in part.param_groups], {})
        self.parts = parts
        self._share()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step every part."""
        loss = None if closure is None else closure()
        for part in self.parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts, in order."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share()

    def _share(self) -> None:
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def muon_with_adamw(model: "PreTrainedModel", section: Optimizer) -> Paired:
    """Muon on the 2-D weights inside the blocks; AdamW on embeddings, output layer, norms and biases, decayed only if 2-D."""
    layers = (model.get_input_embeddings(), model.get_output_embeddings())
    outside = {id(layer.weight) for layer in layers if layer is not None}
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = [weight for weight in trained if weight.ndim == 2 and id(weight) not in outside]
    tables = [weight for weight in trained if id(weight) in outside]
    others = [weight for weight in trained if weight.ndim != 2 and id(weight) not in outside]
    muon = Muon(matrices, lr=section.matrices_lr, momentum=section.momentum, weight_decay=section.weight_decay)
    groups = [{"params": tables, "weight_decay": section.weight_decay}, {"params": others, "weight_decay": 0.0}]
    adamw = torch.optim.AdamW([group for group in groups if group["params"]], lr=section.rest_lr, betas=section.betas)
    return Paired(muon, adamw)
