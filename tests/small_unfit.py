"""Versions of which some rows are not what they say, as somebody else could have written them: files and lineage agree.

    unfit_version(store, "shops", [to_dict(shop()), to_dict(wallet()) | {"id": "../../x"}], Environment, "environments")
"""

from typing import Any

from small_versions import record

from astra_data.hub.lineage import FileDigest, Funnel, Output
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import CONFIG_FOLDERS, sha256_file
from astra_data.hub.writer import Writer

Row = dict[str, Any]


def unfit_version(store: Store, name: str, rows: list[Row], row_type: type, kind: str,
                  rejected: list[Row] | None = None) -> Version:
    """A version of these rows as they are; `rejected` ones all have the reason `why`."""
    with store.staging(name) as folder:
        outputs = []
        for config, some in (("default", rows), ("rejected", rejected or [])):
            if not some:
                continue
            place, refused = CONFIG_FOLDERS[config], config != "default"
            with Writer(folder / place, row_type, refused=refused) as writer:
                for row in some:
                    writer.refuse(row, "item", ["why"]) if refused else writer.write(row)
            written = writer.close()
            paths = [folder / place / file for file in written.files]
            digests = [FileDigest(f"{place}/{path.name}", sha256_file(path), path.stat().st_size) for path in paths]
            outputs.append(Output(config, written.rows, written.num_rows, digests))
        return store.commit(name, folder, record(outputs, kind=kind, stage=kind, funnel=Funnel(len(rows), len(rows))))
