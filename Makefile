# Tripod. `make` alone lists the targets.

# The first of these that is Python 3.11 or newer creates the virtual environment.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --require-hashes --progress-bar off
# Prints the name of each package while pip gets it. Errors are on standard error.
NAMES := awk '/^Collecting/ {sub(/[^A-Za-z0-9._-].*/, "", $$2); printf " %s", $$2; fflush()} END {print ""}'
# Each file is written last, so that an interrupted set-up starts again.
READY_TO_RUN := .venv/ready-to-run
READY_TO_DEVELOP := .venv/ready-to-develop

# Some environments forbid it. Then each process of a test compiles this project and its tests anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick bench soak lint types lock

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

setup: $(READY_TO_DEVELOP) ## create .venv with everything pinned: the application and the development tools

$(READY_TO_RUN): requirements.txt
	@found=; for python in $(PYTHON); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'Tripod needs Python 3.11 or newer. If it is not on the path, run make PYTHON=/path/to/python.' >&2; exit 1; \
	elif ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$found cannot create virtual environments. Run apt install python3-venv, then make again." >&2; exit 1; \
	fi; \
	echo "Set-up, step 1: create .venv with $$found. Set-up is needed only once."; \
	$$found -m venv --clear .venv
	@echo "Set-up, step 2: install what the three legs need. It takes up to a minute."
	@{ $(PIP) -r requirements.txt && touch $@; } | $(NAMES); test -e $@
	@echo "The three legs are ready to run: make demo"

$(READY_TO_DEVELOP): $(READY_TO_RUN) requirements-dev.txt
	@echo "Set-up, step 3: install the development tools. It takes up to a minute."
	@rm -f $@
	@{ $(PIP) -r requirements-dev.txt && touch $@; } | $(NAMES); test -e $@
	@echo "The tests are ready to run: make test"

demo: $(READY_TO_RUN) ## start the three legs with demo data and print the address to open
	@exec $(BIN)/python app.py

test: setup ## run all tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

quick: setup ## run the everyday tests: all but those that start servers, a browser or other programs
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m 'not processes'

bench: setup ## compare the legs with other authorization servers, and write docs/performance.md (9 minutes)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH)

soak: setup ## run two nodes under load, attacks and faults, and write docs/security.md (10 minutes)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.soak $(SOAK)

lint: setup ## check style, imports, docstrings and security with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check the types with mypy, strict
	$(BIN)/mypy

lock: setup ## pin requirements*.in with hashes (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
