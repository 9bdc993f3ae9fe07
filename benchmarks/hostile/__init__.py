"""Hostile things, made from sound ones and taken through every command that could take them.

    python -m benchmarks.hostile [--seed 1] [--each 1] [--only rows/] [--keep FOLDER]

A *thing* is what comes in: a dataset version, a tree of tasks, a tool document, a server, an answer, a ledger, a model. A sound
one is laid out in a folder of its own, one named *mutation* spoils it, and all commands that could take it are run there, as the
sound one's were before. Around it lie *lures*: files that nobody may change or tell, keys, a listener that nobody may call, and
programs that nobody may start. A new seed draws other values and other combinations of them.
"""
