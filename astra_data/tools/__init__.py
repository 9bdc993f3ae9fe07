"""Tools: where they are read from, how their servers run, and what a usable tool is.

    entries = read_mcp_json(Path("mcp.json"))
    async with Pool({entry.name: entry for entry in entries}, Template(Path("fixtures"))) as pool:
        async with pool.lease("git") as session:
            await session.call("git_status", {"repo_path": "/workspace/repo"})

`mcp_config` reads `mcp.json`, `workspace` gives every process its own folder, `session` is one running server and
`pool` the bounded set of them; `documents` and `collect` read raw tool documents, and `normalise` makes rows of them.
"""
