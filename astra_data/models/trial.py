"""Config and tokenizer of others are loaded in a child first, with little memory and time; then they are loaded here.

    try_out(folder, "org/model")        # raises DataError that names the file

What a config claims is made, without memory, and counted against what the weights hold; the tokenizer reads a few texts. Both are
programs of sorts: tables, patterns and steps that can loop, grow, and end the process that follows them.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from astra_data import templates
from astra_data.errors import DataError
from astra_data.models.panics import is_panic
from astra_data.models.tokenizer_steps import SECTIONS, unbounded
from astra_data.models.weights import elements, shapes_of

SECONDS: Final = 60.0
"""Processor time for it all. The largest vocabularies take about five."""
MEMORY: Final = 4 << 30
"""Bytes beyond what the child is forked with."""
PATIENCE: Final = 300.0
"""Seconds after which a child is given up that neither ends nor uses the processor."""
SPARE: Final = 2
"""Numbers of a model for each that its weights hold: output layers may be those of the input once more."""
PACKED: Final = 16
"""The same where the weights are quantised."""
ROOM: Final = 1 << 26
"""Numbers that any model may have beside its weights: masks and tables."""
TOKENS: Final = 16
"""Most tokens for a byte of a text, and as many for each thousand of it again."""
SIGNS: Final = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x600), *range(0x2000, 0x2100), *range(0x3040, 0x30FF),
                                 *range(0x4E00, 0x4E80), 0xFDFA, 0xFF5C, *range(0x1F300, 0x1F380))))
PROBES: Final = ("", "Hello, world! It's 7.", SIGNS, "a" * 400 + "!", " " * 400 + "x", "7" * 400 + "x", "ab1 " * 100 + "\n\n\t!",
                 "e" * 100, "<|im_start|>user\nword<|im_end|>\n")
OTHER: Final = "choose another model"
_sound: set[tuple[object, ...]] = set()
"""Folders that were tried, with the times of their files."""


class UnfitError(Exception):
    """What is wrong with a file; the first argument is the sentence after its name."""


def try_out(folder: Path, name: str, *, weights: bool = True) -> None:
    """Raise `DataError` for a folder, looked through before, whose tokenizer, or with `weights` whose config, goes beyond a bound
    or cannot be loaded."""
    key = (weights, str(folder.absolute()), *_times(folder))
    if key in _sound:
        return
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_tried, args=(folder, weights, theirs), daemon=True)
    child.start()
    theirs.close()
    said = _heard(ours)
    child.kill()
    child.join()
    ours.close()
    if said[-1] != "":
        file, what = said[-1] if isinstance(said[-1], list) else (said[-1], "")
        bound = f"takes more than {SECONDS:g} seconds or {MEMORY >> 30} GB to be loaded, or ends the process that loads it"
        raise DataError(f"model {name} cannot be loaded: {file} {what or bound}", mend=OTHER)
    _sound.add(key)


def _times(folder: Path) -> list[tuple[object, ...]]:
    found = ((file.name, file.stat()) for file in sorted(folder.iterdir()) if file.is_file())
    return [(name, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for name, one in found]


def _heard(wire: Connection) -> list[Any]:
    """The files that a child has begun with, and at last what it found: file and sentence, or an empty text."""
    said: list[Any] = ["config.json"]
    try:
        while wire.poll(PATIENCE):
            said.append(json.loads(wire.recv_bytes()))
    except (EOFError, OSError, ValueError):
        pass
    return said


def _tried(folder: Path, weights: bool, wire: Connection) -> None:
    """What the child does."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    templates.limit(MEMORY)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    at = "tokenizer.json"

    def step(file: str, run: Callable[[], Any]) -> Any:
        nonlocal at
        at = file
        wire.send_bytes(json.dumps(at).encode())
        return run()

    try:
        step("tokenizer.json", lambda: _check_steps(folder))
        tokenizer = step("tokenizer.json", lambda: _tokenizer(folder))
        if weights:
            rows = step("config.json", lambda: _rows(folder))
            step("tokenizer.json", lambda: _check_ids(tokenizer, rows))
        wire.send_bytes(b'""')
    except MemoryError:
        os._exit(1)
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            os._exit(1)
        wire.send_bytes(json.dumps([at, _told(error)]).encode())
    os._exit(0)


def _told(error: BaseException) -> str:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    if "trust_remote_code" in str(error):
        return "names a class of its own: it needs code of its own, and none is run"
    return said if isinstance(error, UnfitError) else f"cannot be used: {said}"


def _check_steps(folder: Path) -> None:
    file = folder / "tokenizer.json"
    said = unbounded(json.loads(file.read_bytes())) if file.is_file() else None
    if said:
        raise UnfitError(said)


def _tokenizer(folder: Path) -> Any:
    """The tokenizer, when it has read the probes."""
    from transformers import AutoTokenizer, PreTrainedTokenizerBase

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise UnfitError(f"makes a {type(tokenizer).__name__}, which is no tokenizer of one text")
    if said := unbounded(_steps_of(tokenizer)):
        raise UnfitError(said)
    for text in PROBES:
        for special in (False, True):
            ids = tokenizer(text, add_special_tokens=special, return_offsets_mapping=tokenizer.is_fast)["input_ids"]
            if len(ids) > TOKENS * (len(text.encode()) + 1000):
                raise UnfitError(f"makes {len(ids):,} tokens of a text of {len(text):,} letters")
            tokenizer.decode(ids)
    return tokenizer


def _steps_of(tokenizer: Any) -> dict[str, Any]:
    """The steps that it has in the end, whatever file or class they came from."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = {section: getattr(backend, section, None) for section in SECTIONS}
    return {section: json.loads(part.__getstate__()) for section, part in parts.items() if part is not None}


def _rows(folder: Path) -> int | None:
    """The vectors that a model has for tokens, when it was made without memory; null where it is not known."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.initialization import no_init_weights

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with torch.device("meta"), no_init_weights():
        model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", trust_remote_code=False)
    made = sum(one.numel() for one in (*model.parameters(), *model.buffers()))
    held = sum(elements(shapes_of(file, file.name)) for file in folder.glob("*.safetensors"))
    packed = getattr(config, "quantization_config", None) is not None
    if made > (PACKED if packed else SPARE) * held + ROOM:
        raise UnfitError(f"describes a model of {made:,} numbers, and the weights hold {held:,}")
    vectors = getattr(model.get_input_embeddings(), "weight", None)
    return None if vectors is None else int(vectors.shape[0])


def _check_ids(tokenizer: Any, rows: int | None) -> None:
    """Tokens without a vector are left to be where they are never read: special ones, which the template does not write, and by
    which no turn begins, ends or is filled up. In texts of others these are broken."""
    if rows is None:
        return
    template = json.dumps(tokenizer.chat_template or "", ensure_ascii=False)
    used = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id}
    added = tokenizer.added_tokens_decoder
    for token, number in tokenizer.get_vocab().items():
        known = added.get(number)
        harmless = known is not None and known.special and number not in used and known.content not in template
        if number >= rows and not harmless:
            raise UnfitError(f"has the token {str(token)[:60]!r} with the number {number}, and the model has {rows} vectors")
