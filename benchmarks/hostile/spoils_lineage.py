"""What a stranger writes into the record of a version, and into its card."""

import json
from collections.abc import Mapping
from typing import Any

from astra_data.hub.tree import version_tree
from benchmarks.hostile.dataset_commands import UNLISTED
from benchmarks.hostile.lures import Lures
from benchmarks.hostile.sites import Site, Spoil
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.spoils_files import unlisted
from benchmarks.hostile.texts import HALVES, Raw, deep, long, markup, name, number, path, text, url, value, wide, written
from benchmarks.hostile.versions import Draft


def key(site: Site, draft: Draft) -> None:
    """A stage key that is a path: into another dataset, or out of the store."""
    rng = site.rng
    aim = rng.choice(("sound-tasks/refs/main", "sound-tools/keys/x", f"lure-{rng.getrandbits(32):08x}"))
    draft.lineage["key"] = rng.choice((path(rng, site.lures), "../" * rng.randint(1, 4) + aim, str(site.lures.free(rng))))


def kind(site: Site, draft: Draft) -> None:
    """A kind or stage that is a path, a template's name, or nothing that is known."""
    rng, field = site.rng, site.rng.choice(("kind", "stage", "kind"))
    draft.lineage[field] = rng.choice((path, name, markup))(rng, site.lures)


def outputs(site: Site, draft: Draft) -> None:
    """Outputs that lie outside, are counted wrong, or are called as something else is."""
    draft.write()
    rng, output = site.rng, draft.lineage["outputs"][0]
    what = rng.choice(("path", "path", "path", "config", "num_rows", "rows", "twice"))
    if what == "path":
        output["files"][0]["path"] = rng.choice(("data/../", "", "data/")) + path(rng, site.lures)
    elif what == "twice":
        draft.lineage["outputs"] = [output] * rng.choice((2, 5_000))
    else:
        output[what] = value(rng, site.lures) if rng.random() < 0.5 else text(rng, site.lures, "path", "name")
    _rewrite(draft)


def inputs(site: Site, draft: Draft) -> None:
    """Ancestors with addresses of something else."""
    rng = site.rng
    found = draft.lineage["inputs"] or [{"role": "tools", "repo": None, "commit": None, "tree": "0" * 40, "rows": "x",
                                         "config": "default"}]
    for one in found:
        aims = ("/", "../../..", str(site.lures.folder / "outside"), "~", "./evil", "org/evil", "hf://datasets/org/evil@main")
        one["address"] = rng.choice((rng.choice(aims), path(rng, site.lures), url(rng, site.lures), markup(rng, site.lures)))
        if rng.random() < 0.3:
            one[rng.choice(("role", "tree", "repo", "commit", "config"))] = text(rng, site.lures)
    draft.lineage["inputs"] = found


def cycle(site: Site, draft: Draft) -> None:
    """A version that was made from itself."""
    parent, field = {"chains": ("tools", "server_id"), "tasks": ("tools", "server_id"), "trajectories": ("tasks", "task_id"),
                     "sft": ("trajectories", "trajectory_id"), "environments": ("questions", "question_id")}[draft.kind]
    draft.refit = False
    for row in draft.rows:
        row["id"] = row[field]
    draft.write()
    tree = version_tree(draft.folder)
    address = site.rng.choice((f"evil-{draft.kind}", f"evil-{draft.kind}@{tree}", "./evil", "org/evil"))
    draft.lineage["inputs"] = [{"role": parent, "address": address, "repo": None, "commit": None, "tree": tree, "rows": "x",
                                "config": "default"}]
    _rewrite(draft)


def words(site: Site, draft: Draft) -> None:
    """Texts of the record that end up on the card and in the terminal."""
    rng, record = site.rng, draft.lineage
    drawn = [markup(rng, site.lures) for _ in range(8)]
    site.markup += drawn
    record["command"], record["recipe"] = drawn[0], drawn[1]
    record["licenses"] = [drawn[2], rng.choice(("MIT", drawn[3]))]
    record["models"] = {drawn[4]: drawn[5]}
    record["funnel"] |= {"rejected": {drawn[6]: 3}, "quarantined": {}}
    record["config"] = texts_spoiled(rng, record["config"], site.lures, 0.5, markup) | {drawn[7]: drawn[0]}
    record["prompts"] = {drawn[1]: drawn[2]}
    record["env"] = {drawn[5]: drawn[6]}


def types(site: Site, draft: Draft) -> None:
    """Any value of the record, of any other type or with parts hidden."""
    draft.write()
    draft.lineage = spoiled(site.rng, draft.lineage, site.lures, site.rng.randint(1, 3))
    _rewrite(draft)


def sizes(site: Site, draft: Draft) -> None:
    """Numbers and nestings that no reader expects."""
    rng = site.rng
    drawn = rng.choice((deep(rng), wide(rng), number(rng), Raw(json.dumps(long(rng, site.lures)))))
    what = rng.choice(("config", "histograms", "seed", "funnel", "models", "licenses"))
    wrapped: Mapping[str, Any] = {
        "config": {"x": drawn}, "seed": number(rng), "models": {"writer": drawn}, "licenses": drawn,
        "histograms": {"reward": {"edges": [0.0, number(rng), 1.0], "counts": [number(rng), 2**62], "nulls": number(rng)}},
        "funnel": draft.lineage["funnel"] | {"kept": number(rng), "rejected": drawn},
    }
    draft.lineage[what] = wrapped[what]


def twice(site: Site, draft: Draft) -> None:
    """Names that stand twice, of which readers take another than the one that was checked; or bytes that are no JSON."""
    draft.write()
    rng, said = site.rng, written(draft.lineage)
    again = written({rng.choice(("key", "kind", "outputs", "inputs", "complete")): value(rng, site.lures)})[1:-1]
    forms = (f"{{{again}, {said[1:]}", f"{said[:-1]}, {again}}}", f"\ufeff{said}", f"{said}\0{said}", said.replace('"', "'"),
             said[: rng.randrange(len(said))], f"[{said}]", "", "null", f"{said}\n{said}", said.replace("1", "\u0661"))
    draft.raw_lineage = rng.choice(forms)
    _rewrite(draft)


def _rewrite(draft: Draft) -> None:
    said = draft.raw_lineage if draft.raw_lineage is not None else written(draft.lineage)
    (draft.folder / "lineage.json").write_bytes(said.encode(*HALVES))


LINEAGE: dict[str, Spoil] = {"key": key, "kind": kind, "outputs": outputs, "inputs": inputs, "cycle": cycle, "words": words,
                             "types": types, "sizes": sizes, "twice": twice}
CYCLES = ("chains", "tasks", "trajectories", "sft", "environments")


def data_files(site: Site, draft: Draft) -> None:
    """Files that the card names and no lineage knows: of this machine, of other places, or by patterns."""
    rng, lures = site.rng, site.lures
    draft.files |= {"extra/evil.jsonl": json.dumps({"text": UNLISTED}).encode(), "extra/evil.parquet": unlisted(site, draft)}
    aims = (str(lures.secret(rng)), str(lures.folder / "outside" / "*.parquet"),
            "../" * rng.randint(1, 3) + "outside/secret.jsonl",
            lures.url(rng) + "/x.parquet", "hf://datasets/org/evil/extra/*.parquet", "extra/*.parquet", "extra/*.jsonl",
            "**/*.parquet", "data/../extra/evil.parquet", "/etc/hostname",
            f"file://{lures.folder}/outside/secret.jsonl", f"zip://x::{lures.url(rng)}", path(rng, lures), url(rng, lures))
    chosen = rng.choice((rng.choice(aims), [rng.choice(aims), "data/*.parquet"], {"train": rng.choice(aims)},
                         [{"split": rng.choice(("train", "test", "../x")), "path": rng.choice(aims)}]))
    configs = [{"config_name": rng.choice(("default", "default", "x/../y", "rejected")), "data_files": chosen, "default": True}]
    more = [{"config_name": "default", "data_files": "data/*"}] if rng.random() < 0.3 else []
    draft.card = _card({"configs": rng.choice((configs, configs + more, more + configs))}, draft)


def front(site: Site, draft: Draft) -> None:
    """A head that is a bomb, a program, or no mapping."""
    rng, line = site.rng, site.lures.shell(site.rng)
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, rng.choice((6, 9))))
    heads = (bomb, f"x: !!python/object/apply:os.system ['{line}']\n", f"configs: !!python/name:os.system\nx: {line}\n",
             "- a\n- b\n",
             "configs: 1\n", f"configs:\n- {markup(rng, site.lures)}\n", "a: " + "[" * 5_000 + "\n", "? " * 3_000 + "\n",
             "\t: x\n",
             "<<: *x\n", f"dataset_info:\n  features:\n  - name: text\n    dtype: {rng.choice(('image', 'audio', 'video'))}\n",
             f"configs:\n- config_name: default\n  script: {path(rng, site.lures)!r}\n",
             "configs:\n- {config_name: default, builder: evil}\n")
    rest = draft.card.split("---\n", 2)[-1]
    draft.card = rng.choice((f"---\n{rng.choice(heads)}---\n{rest}", f"---\n{rng.choice(heads)}{rest}", "\ufeff" + draft.card))


def card_words(site: Site, draft: Draft) -> None:
    """A card whose texts are markup, or that is no text."""
    drawn = markup(site.rng, site.lures)
    site.markup.append(drawn)
    draft.card = site.rng.choice((draft.card + drawn, drawn, draft.card.replace("\n", f"\n{drawn}", 3), "\ud800" + draft.card,
                                  draft.card + "x" * 5_000_000))


def _card(head: Mapping[str, Any], draft: Draft) -> str:
    import yaml

    return f"---\n{yaml.safe_dump(dict(head))}---\n{draft.card.split('---', 2)[-1]}"


def card_scripts(site: Site, draft: Draft) -> None:
    """What older loaders ran, or took for what is known of a dataset."""
    rng, lures = site.rng, site.lures
    line = f"{lures.python(rng)}\n"
    scripts = ("evil.py", f"evil-{draft.kind}.py", "__init__.py", "data/__init__.py", "dataset.py", "load.py", "setup.py",
               "conftest.py")
    for script in rng.sample(scripts, 3):
        draft.files[script] = line.encode()
    draft.files["dataset_infos.json"] = written({"default": spoiled(rng, {
        "features": {"text": {"dtype": "string", "_type": rng.choice(("Image", "Audio", "Value", "Json", "os.system"))}},
        "splits": {"train": {"num_examples": 1}}, "builder_name": lures.python(rng), "download_checksums": {lures.url(rng): {}},
    }, lures, 2)}).encode(*HALVES)
    draft.files["evil.pkl"] = _pickle(lures, line)


def _pickle(lures: Lures, line: str) -> bytes:
    return b"cbuiltins\nexec\n(V" + line.strip().encode("unicode_escape") + b"\ntR."


CARD: dict[str, Spoil] = {"data files": data_files, "front": front, "words": card_words, "scripts": card_scripts}
