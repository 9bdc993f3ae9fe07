"""Panics of the tokenizer's library: errors that are no `Exception`, and pass by all that handle those.

    with calm("the tokenizer cannot read a text"):
        tokenizer("aaaaaaaa!")                 # DataError where a pattern of the tokenizer gives up
"""

from collections.abc import Iterator
from contextlib import contextmanager

from astra_data.errors import DataError


def is_panic(error: BaseException) -> bool:
    """The class has no module to be imported from."""
    return type(error).__name__ == "PanicException"


@contextmanager
def calm(what: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Raise `kind` in the place of a panic."""
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        said = " ".join(str(error).split())[:200]
        raise kind(f"{what}: {said}", mend="choose another tokenizer or model: this one's tokenizer.json is not sound") from None
