# Tripod. `make` alone lists what there is.

# The first of these that is new enough makes the virtual environment.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
# Written last, so that a set-up which was interrupted begins anew.
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick bench lint types lock

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

setup: $(READY) ## .venv with everything pinned

$(READY): requirements.txt requirements-dev.txt
	@found=; for python in $(PYTHON); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'Tripod needs Python 3.11 or newer; if it is not on the path, make PYTHON=/where/it/is names it.' >&2; exit 1; \
	elif ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$found cannot make virtual environments: apt install python3-venv, then make again." >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$found, once."; \
	$$found -m venv --clear .venv
	@$(PIP) -r requirements.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@

demo: setup ## the three legs, with demo data; prints the address to open
	@exec $(BIN)/python app.py

test: setup ## the whole test suite
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

quick: setup ## the tests that start no processes and no browser
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m 'not processes'

bench: setup ## what the recorder costs a request
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.recorder

lint: setup ## ruff: style, imports, security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

lock: setup ## pins requirements*.in, with hashes (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
