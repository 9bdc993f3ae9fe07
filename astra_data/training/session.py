"""What a command of training does around the training itself: data, folder, record, resuming, pushing.

    trained = session(recipe, told, config, stage="sft", kind="sft", work=lambda run, sets: ...)
"""

from collections.abc import Callable
from typing import Any

from astra_data.hub.pushing import require_push
from astra_data.training.data import Chosen, sets_of
from astra_data.training.push import Trained, published
from astra_data.training.recipe import SftRecipe
from astra_data.training.record import new_record
from astra_data.training.run import Run, Told

Work = Callable[[Run, dict[str, Chosen]], None]
"""Trains into the folder of a run on the rows `train`, and measures on `validation` where there is that."""


def session(recipe: SftRecipe, told: Told, config: Any, stage: str, kind: str, work: Work) -> Trained:
    """Do the work, or what is left of it, and push the model if so told. A finished run is only pushed.

    `config` is TRL's, `kind` that of the rows. A push that would be refused is refused before the work. Raises as
    `sets_of`, `Run.require_same`, `require_push`, the work and `published` do.
    """
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    with config.main_process_first(desc="the rows are looked up"):
        sets = sets_of(recipe, kind, told.store)
        record = new_record(recipe, stage, told.command, sets.values())
    run = Run(recipe.folder, record, config.process_index == 0)
    if run.main:
        strange = {chosen.place.strange: None for chosen in sets.values() if chosen.place.strange}
        unfit = sorted({unfit for rows in sets.values() for unfit in rows.left_out})
        for line in (*(f"reads {one}" for one in strange), *(f"{one}; the row is left out" for one in unfit)):
            told.console.print(line, highlight=False, markup=False, soft_wrap=True)
    run.require_same()
    if not run.finished:
        if run.main and told.push is not None:
            require_push(told.push, "model", private=told.private, licenses=record.licenses)
        work(run, sets)
    return published(run, told)
