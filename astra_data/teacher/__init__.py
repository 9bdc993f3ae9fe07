"""Models as the stages see them: typed asks, teachers that answer them, policies that take turns.

    from astra_data.teacher import Ask, Budget, build

The openai client is imported only when a recipe names a model behind an endpoint.
"""

from astra_data.teacher.ask import Ask
from astra_data.teacher.budget import Budget
from astra_data.teacher.models import ModelConfig, Price
from astra_data.teacher.roles import Roles, build
from astra_data.teacher.teacher import Abstained, Policy, Teacher, Turn, Unanswered

__all__ = [
    "Abstained",
    "Ask",
    "Budget",
    "ModelConfig",
    "Policy",
    "Price",
    "Roles",
    "Teacher",
    "Turn",
    "Unanswered",
    "build",
]
