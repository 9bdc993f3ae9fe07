"""astra-data: synthesis of training data for tool-using language models, one Hub dataset per stage.

Rows are loaded with `datasets.load_dataset`; everything here is reached through `astra` (see `astra --help`).
"""

__version__ = "0.1.0"
