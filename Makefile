# Everything is set up here: a virtual environment in .venv with the versions and hashes of constraints.txt.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
    $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALLED := .venv/installed
# Empty is unset: the tests start hundreds of processes, and each would compile all that it imports anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test soak lint constraints clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Make trajectories with real tools, and 200 audited environments, without a key, in ./hub
	$(BIN)/astra run demo --store hub
	@if [ "$$(uname)" = Linux ]; then set -x; $(BIN)/astra run worlds --store hub; \
	else echo "astra run worlds is left out: its environments run in a sandbox of the Linux kernel (docs/sandbox.md)"; fi

test: $(INSTALLED) ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal --hypothesis-seed=0

soak: $(INSTALLED) ## Measure at full size and print one table
	$(BIN)/python -m benchmarks.soak

lint: $(INSTALLED) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

constraints: $(INSTALLED) ## Write constraints.txt anew; pins stay unless ARGS=--upgrade or a package is named with -P
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras --no-annotate --generate-hashes \
	    --custom-compile-command "make constraints" --output-file constraints.txt $(ARGS)
	# torch is left without hashes, since a local build has another
	awk '/^[a-z]/ {torch = /^torch==/} torch && /--hash/ {next} torch {sub(/ \\$$/, "")} {print}' constraints.txt > .venv/constraints
	mv .venv/constraints constraints.txt

clean: ## Remove the virtual environment and all caches; the store in ./hub stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "astra-data needs Python 3.11, 3.12 or 3.13: make PYTHON=path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' constraints.txt > .venv/uv.txt
	$(PIP) --no-deps --require-hashes --requirement .venv/uv.txt
	# torch by pip, which takes a local build where one is configured (uv would fetch that of CUDA); one that is there stays
	$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) --no-deps "$$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' constraints.txt)"
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip install --quiet --compile-bytecode --verify-hashes --constraint constraints.txt \
	    --build-constraint constraints.txt --editable '.[dev,train]'
	touch $@
