"""Distractors [A 15.2, 22.1]: tools of other environments, in bands of similarity to the tools of an instance.

`documents` says what is embedded, `embedding` by which model, `vectors` makes the products exact, `bands` draws the lines and
`choice` picks.
"""
