"""Stages, recipes, and the runner that turns one dataset version into the next. Knows no stage by name."""
