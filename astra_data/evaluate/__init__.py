"""Evaluation: any policy in the arenas of any address, and what the figures are worth."""
