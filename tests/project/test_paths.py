"""Names from data become paths through `filenames.inside` alone. What else makes a path is listed here, each with its reason."""

from pathlib import Path

import pytest
from path_lint import findings

PACKAGE = Path(__file__).parents[2] / "astra_data"

ALLOWED: dict[str, dict[str, list[str]]] = {
    "words of the user's own command line, environment or recipe": {
        "cli/convert.py": ["Path(source)"],
        "hub/addresses.py": ["Path(address)", "Path(text)"],
        "ledger/disk.py": ["self._path.with_name(f'{self._path.name}-wal')"],
        "tools/commands.py": ["Path(command)"],
        "cli/evaluate.py": ["Path(model)"],
        "cli/make.py": ["Path(address)", "Path(entries[0])", "Path(name)", "Path(sources[0])"],
        "cli/options.py": ["Path(word)"],
        "cli/reproduce.py": ["Path('runs') / f'{folder.name}-{seed}'", "resources.folder('recipes') / recipe"],
        "pipeline/recipe.py": ["Path(name)", "packaged / name / 'pipeline.yaml'", "self.folder / Path(relative).expanduser()"],
        "pipeline/stage.py": ["self.folder / Path(name).expanduser()", "self.folder.absolute() / Path(name).expanduser()"],
        "stages/benchmarks.py": ["Path(against)"],
        "stages/distractors/embedding.py": [
            "Path(model)", "resources.folder / Path(embedder.model).expanduser()", "resources.folder / Path(name).expanduser()",
        ],
        "tools/environment.py": [
            "Path(environ.get('HOME') or Path.home())", "Path(environ.get('UV_CACHE_DIR') or caches / 'uv')",
            "Path(environ.get('XDG_CACHE_HOME') or user_home(environ) / '.cache')",
            "Path(environ.get('XDG_CONFIG_HOME') or home / '.config')",
            "Path(environ.get('XDG_DATA_HOME') or home / '.local/share')",
            "Path(environ.get('npm_config_cache') or user_home(environ) / '.npm')",
            "Path(environ.get('HF_HOME') or caches / 'huggingface')", "Path(path)",
        ],
        "training/launch.py": ["Path(recipe.launch)", "resources.folder('recipes') / 'accelerate' / f'{recipe.launch}.yaml'"],
        "training/recipe.py": [
            "Path(name)", "Path(recipe.source)", "Path(self.output or f'runs/{self.name}')", "packaged / name / f'{kind}.yaml'",
            "packaged.glob(f'*/{kind}.yaml')",
        ],
        "training/model.py": ["Path(name)"],
        "training/record.py": ["Path(name)"],
        "hub/models.py": ["Path(name)"],
    },
    "the user's own mcp.json; only the last part of it is read, or whether there is such a file": {
        "tools/collect.py": ["Path(entry.file)"],
        "tools/connect.py": ["Path(value)"],
        "tools/launch.py": ["Path(entry.command)"],
        "tools/packages.py": ["PurePosixPath(command)"],
        "tools/plain.py": ["Path(value)"],
        "tools/throwaway.py": ["PurePosixPath(command.replace('\\\\', '/'))", "PurePosixPath(word)"],
    },
    "a constant of ours, given by the caller": {
        "cli/reproduce.py": ["self.runs / step / 'model'"],
        "formats/harbor.py": ["task / name"],
        "formats/harbor_task.py": ["resources.files('astra_data.formats.harbor_files').joinpath(name)"],
        "ledger/claims.py": ["path.with_name(f'{path.name}-claims')"],
        "pipeline/spool.py": ["self._folder / config"],
        "resources.py": ["package / name", "package.parent / name"],
        "sandbox/jail/namespaces.py": ["Path(f'/proc/self/{name}')"],
        "sandbox/memory.py": ["Path(path)"],
        "teacher/ask.py": ["self.folder / f'{self.name}.md.jinja'"],
        "tools/workspace.py": ["base / name"],
        "tools/process.py": ["Path('/proc', str(pid), 'environ')"],
    },
    "a file that was found in the folder, or one that this process has written there": {
        "formats/bfcl_source.py": [
            "self.folder / ANSWERS / file.name", "self.folder / DOCUMENTS / f'{file.stem}.json'",
            "self.folder / DOCUMENTS / f'{each.module}.json'", "Path(spec.submodule_search_locations[0])",
        ],
        "hub/foreign.py": ["Path(folder, name)"],
        "models/files.py": ["Path(top)", "here / part", "here / one"],
        "hub/models.py": ["Path(retried(lambda: snapshot_download(name, revision=revision, **only), name))"],
        "hub/snapshots.py": [
            "Path(found)",
            "Path(retried(lambda: hf_hub_download(repo, path, repo_type='dataset', revision=commit), repo, tries=LOOKUP_TRIES))",
            "Path(retried(lambda: snapshot_download(repo, repo_type='dataset', revision=commit), repo, tries=LOOKUP_TRIES))",
        ],
        "hub/store.py": ["shutil.copyfile(file_at(folder, file.path), target)"],
        "hub/writer.py": ["self._folder / name"],
        "pipeline/histograms.py": ["folder / place / name"],
        "pipeline/runner.py": ["folder / file.path", "folder / place / name"],
        "pipeline/spool.py": ["self._folder / 'candidates' / name"],
        "training/grpo.py": ["Path(checkpoint)", "Path(run.folder) / ROLLOUTS"],
        "training/model.py": ["Path(file or name)", "Path(folder) / 'training_args.bin'"],
        "hub/builder.py": ["Path(base_files[shard])", "Path(file)"],
        "tools/links.py": ["folder.joinpath(*at, part)", "os.scandir(folders.pop())"],
        "tools/temporary.py": ["folder / f'{PREFIX}{number}'", "os.scandir(waiting.pop())"],
        "tools/workspace.py": ["shutil.copytree(kept, copy, symlinks=True)"],
        "training/resuming.py": ["Path(checkpoint or '')", "Path(checkpoint)", "Path(checkpoint) / name"],
        "training/rollouts.py": ["self.folder / f'step-{step:06d}.{self.rank}.jsonl'", "staging / 'data' / file"],
        "training/run.py": ["Path(newest)"],
        "training/snapshots.py": ["folder.parent / f'{UNFINISHED}-{folder.name}'", "shutil.rmtree(old)"],
        "training/trl_internals.py": [
            "Path(checkpoint) / STATE", "Path(self._get_output_dir(trial=trial)) / f'checkpoint-{self.state.global_step}'",
        ],
    },
    "a name that `check_name` has let through, a tree id, or a stage key": {
        "hub/disk.py": ["parent / f'{name}.{uuid.uuid4().hex[:12]}'"],
        "hub/load.py": ["Path(datasets.config.HF_DATASETS_CACHE) / 'astra-versions' / tree"],
    },
    "a name that is read and opens nothing": {
        "hub/store.py": ["self.root / name / 'refs' / 'main'"],
        "hub/files.py": ["folder / path"],
        "hub/foreign.py": ["Path(path)"],
        "models/files.py": ["Path(name)"],
        "sandbox/jail/scrubbing.py": ["Path(file)"],
        "tools/documents.py": ["Path(path.name.removesuffix('.gz'))", "Path(place.file)"],
        "training/record.py": ["Path(checked.recipe['model']['name'] or '')"],
    },
    "runs in a container of its own, on its own arguments": {
        "formats/harbor_files/server.py": ["Path(file)"],
        "formats/harbor_files/verify.py": ["Path(folder, 'breakdown.json')", "Path(folder, 'reward.txt')", "Path(goals)"],
    },
    "this is `inside`": {"filenames.py": ["folder.joinpath(*names)"]},
}
"""Why -> module -> expressions."""


def allowed() -> set[tuple[str, str]]:
    return {(module, each) for places in ALLOWED.values() for module, expressions in places.items() for each in expressions}


def made() -> set[tuple[str, str]]:
    files = sorted(PACKAGE.rglob("*.py"))
    return {(file.relative_to(PACKAGE).as_posix(), each) for file in files for each in findings(file.read_text(encoding="utf-8"))}


def test_paths_are_made_by_inside_or_for_a_reason_that_is_written_here() -> None:
    assert sorted(made() - allowed()) == []


def test_every_reason_is_still_needed() -> None:
    assert sorted(allowed() - made()) == []


@pytest.mark.parametrize("source", [
    "def f(folder: Path, row): return folder / row.id",
    "def f(x: Path, row): return x / row['id']",
    "def f(where, row): return where / f'{row.id}.json'",
    "def f(row): return Path(row.path)",
    "def f(row): return Path('hub', row.name)",
    "def f(folder, row): return folder.joinpath('data', row.name)",
    "def f(folder, row): return folder.joinpath(*row.parts)",
    "def f(file, row): return file.with_name(row.name)",
    "def f(file, row): return file.with_suffix(f'.{row.kind}')",
    "def f(folder, row): return os.path.join(folder, row.id)",
    "def f(row): return open(f'hub/{row.id}.json')",
    "def f(row): return open(row.file)",
    "def f(row): os.makedirs('hub/' + row.id)",
    "def f(row): shutil.copyfile(row.source_name, 'x')",
    "def f(row, file): shutil.copy(file, f'hub/{row.id}')",
    "def f(row): shutil.rmtree(row['name'])",
    "def f(folder: Path, row): return read(f'{folder}/{row.id}')",
    "def f(folder: Path, row): return folder.glob(f'{row.id}*')",
    "def f(row): return tempfile.mkdtemp(prefix=row.name)",
    "def f(file, row): file.rename('hub/' + row.id)",
    "def f(row):\n    folder = Path('hub')\n    folder /= row.id",
    "def f(row):\n    one = Path('hub').resolve()\n    return one / row.whatever",
    "def f(folder, rows): return [folder / 'data' / row.id / 'x' for row in rows]",
    "def f(folder, names):\n    for name in names:\n        yield folder / name",
    "def f(archive, row): return gzip.open(row.name)",
])  # fmt: skip
def test_a_path_of_what_comes_from_data_is_seen(source: str) -> None:
    assert len(findings(source)) == 1


@pytest.mark.parametrize("source", [
    "def f(folder: Path, row): return inside(folder, row.id) / 'data'",
    "def f(folder, row): return inside(folder, f'{row.id}.json')",
    "def f(folder): return folder / 'data' / FILE / lineage.FILE",
    "def f(folder):\n    for part in ('data', FILE):\n        yield folder / part",
    "def f(folder): return [folder / part for part in DATA_FOLDERS]",
    "def f(folder, index): return folder / f'train-{index:05d}.parquet'",
    "def f(folder: Path, deferred): return folder / ('candidates' if deferred else 'data')",
    "def f(folder: Path): return Path(folder).resolve()",
    "HERE = Path(__file__).parent / 'prompts'",
    "def f(values): return sum(values) / len(values)",
    "def f(hits, of): return hits / of + 1 / 3",
    "def f(text, row): return text.replace(row.name, 'x')",
    "def f(names): return ', '.join(names)",
    "def f(file: Path): shutil.rmtree(file)",
])  # fmt: skip
def test_a_path_of_what_stands_in_the_source_is_none_to_see_and_neither_is_a_number(source: str) -> None:
    assert findings(source) == []
