"""Muon moves a matrix as PyTorch's does, in the precision of the weights."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")


def _weights(seed: int) -> list[Any]:
    drawn = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=drawn)) for shape in ((16, 16), (16, 16), (48, 16), (16, 48))]


def test_steps_are_those_of_pytorch_but_for_its_rounding() -> None:
    from astra_data.training.muon import Muon

    ours, theirs = _weights(0), _weights(0)
    mine = Muon(ours, lr=0.01, momentum=0.95, weight_decay=0.05)
    reference = torch.optim.Muon(theirs, lr=0.01, momentum=0.95, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    begun = _weights(0)
    for step in range(3):
        for one, other, gradient in zip(ours, theirs, _weights(step + 1), strict=True):
            one.grad, other.grad = gradient.detach().clone(), gradient.detach().clone()
        mine.step()
        reference.step()
    for one, other, start in zip(ours, theirs, begun, strict=True):
        moved = (other - start).detach().norm()
        assert float((one - other).detach().norm() / moved) < 0.03
        assert float(moved) > 0.05


def test_a_stack_is_made_orthogonal_each_for_itself() -> None:
    from astra_data.training.muon import orthogonal

    matrices = torch.stack([weight.detach() for weight in _weights(3)[:2]])
    together = orthogonal(matrices)
    assert torch.allclose(together[1], orthogonal(matrices[1]), atol=1e-5)
    values = torch.linalg.svdvals(together)
    assert 0.5 < float(values.min()) <= float(values.max()) < 1.4
