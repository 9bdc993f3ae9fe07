"""Measurements at full size, each a module that prints its figures against their targets. `soak` runs them all."""
