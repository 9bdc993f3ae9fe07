"""Datasets as versions: where they lie, what they are made of, and how they reach the Hub and come back.

`addresses` names a version, `store` keeps it, `lineage` says where it came from, `cards` describes it, `load` reads it
and `publish` moves it between the store and the Hub. Nothing heavy is imported before it is used.
"""
