SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
ESPHOME := esphome==2026.6.5
RECORDINGS ?= $(wildcard ../shared/data/home/tihm)
# What is used compiles itself when it is first imported; the most part never is.
QUICKLY := --quiet --quiet --disable-pip-version-check --no-compile
COMPILED_WITH := msgspec numba numpy tzdata
# Tests run two files at a time, each of them with real programs beside it.
PYTEST_ARGS ?= --numprocesses=2 --dist=loadfile --no-loadscope-reorder

# Debian keeps mosquitto and the PostgreSQL server programs off an ordinary user's path.
export PATH := $(PATH):/usr/sbin:$(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin))):$(CURDIR)/$(VENV)/esphome/bin

.PHONY: demo test check clean

demo: $(VENV)/.sim
	@exec $(BIN)/nightlight-sim demo $(if $(RECORDINGS),--recordings $(RECORDINGS))

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find edge hub models simulators tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@for python in "$$PYTHON" python3.11 python3 python3.12 python3.13; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "That Python can't make an environment. On Debian: apt-get install python3-venv" >&2; exit 2; \
	done; \
	echo "Nightlight needs Python 3.11 or newer, and found none. Install it, or name one: make PYTHON=/where/it/is" >&2; exit 2

# ESPHome wants other versions of what we use, so it has a place of its own. Only tests of firmware_config/esphome need it.
$(VENV)/.esphome: Makefile | $(VENV)/bin/python
	@echo "Installing $(ESPHOME) into $(VENV)/esphome, once"
	@$(BIN)/python -m venv $(VENV)/esphome
	@$(VENV)/esphome/bin/pip install $(QUICKLY) $(ESPHOME)
	@touch $@

$(VENV)/.sim $(VENV)/.dev: $(VENV)/.%: pyproject.toml .ci/constraints.txt | $(VENV)/bin/python
	@echo "Installing what '$*' needs into $(VENV); this takes about a minute, once"
	@$(BIN)/python -m pip install $(QUICKLY) -c .ci/constraints.txt $(COMPILED_WITH)
	@echo "Compiling the detectors meanwhile"
	@$(BIN)/python -c 'from hub.learned import shipped; from models.detection.engine import warm; warm(shipped().prior)' & \
	    $(BIN)/python -m pip install $(QUICKLY) -c .ci/constraints.txt -e '.[$*]' && wait $$!
	@touch $(VENV)/.sim $@
