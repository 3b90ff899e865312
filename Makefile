# Two commands for a reader: `make book` and `make test`. Each sets everything up first, in .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DATA ?= $(KWS_DATA)

export KWS_INSTALL_S = $(shell cat $(VENV)/.install_s 2>/dev/null)

.PHONY: book pages test test-slow lint format install clean

book: $(READY)  ## train, convert, measure and deploy the three sizes, then build the static book
	$(BIN)/kws run --all $(if $(DATA),--data "$(DATA)")
	$(BIN)/kws book

pages: $(READY)  ## build the static book from the results that are there, fresh or recorded
	$(BIN)/kws book

test: $(READY)  ## the fast tests
	$(BIN)/python -m pytest

test-slow: $(READY)  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(READY)  ## only the set-up

$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 is needed, found '$(PYTHON)'; install it or call make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV): about two minutes and 2.5 GB, once"
	@start=$$(date +%s) && \
	"$(PYTHON)" -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . && \
	$(BIN)/python -m pip check && \
	echo $$(( $$(date +%s) - start )) > $(VENV)/.install_s && touch $(READY)

clean:  ## remove what can be made again, except the set-up
	rm -rf _build book/results .pytest_cache .ruff_cache .hypothesis
