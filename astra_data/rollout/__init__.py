"""Rollouts: the tools behind one, and the one loop that runs them."""
