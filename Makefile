# Two commands for a reader: `make book` and `make test`. Each sets everything up first, in .venv. `make help` lists all.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A process for each core, two at most: each one loads TensorFlow. They share the tests out by stretches of the list, so
# that what a module builds for all its tests is built once or twice; who has none left takes half of another's stretch.
PROCESSES := --numprocesses=logical --maxprocesses=2 --dist=worksteal
DATA ?= $(KWS_DATA)

export KWS_INSTALL_S = $(shell cat $(VENV)/.install_s 2>/dev/null)

.PHONY: help book pages test test-slice test-slow coverage lint types format install release clean

book: $(READY)  ## train, convert, measure and deploy the three sizes, then build the static book
	$(BIN)/kws run --all $(if $(DATA),--data "$(DATA)")
	$(BIN)/kws book

pages: $(READY)  ## build the static book from the results that exist, fresh or recorded
	$(BIN)/kws book

test: $(READY)  ## run the fast tests
	$(BIN)/python -m pytest $(PROCESSES)

test-slice: $(READY)  ## run the few slow tests that CI runs
	$(BIN)/python -m pytest -m slice $(PROCESSES)

test-slow: $(READY)  ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow

coverage: $(READY)  ## run the fast tests and show which lines of kwslib they reach
	$(BIN)/python -m pytest --cov=kwslib --cov-report=term:skip-covered

lint: $(READY)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## check the types of kwslib
	$(BIN)/python -m mypy

format: $(READY)  ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(READY)  ## only set up .venv

release: $(READY)  ## write the commit as an archive with checksums and a bill of materials
	$(BIN)/kws archive

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || \
	  { echo "error: Python 3.11, 3.12 or 3.13 is needed, found '$(PYTHON)'; install it or call make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV): about two minutes and 2.5 GB, once"
	@start=$$(date +%s) && \
	"$(PYTHON)" -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . && \
	$(BIN)/python -m pip check && \
	echo $$(( $$(date +%s) - start )) > $(VENV)/.install_s && touch $(READY)

clean:  ## remove what can be made again, except .venv
	rm -rf _build book/results .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage
