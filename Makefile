SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
ESPHOME := esphome==2026.6.5
RECORDINGS ?= $(wildcard ../shared/data/home/tihm)
# What is used compiles itself when it is first imported; the most part never is. Programs that may not keep what they
# compiled would do it anew at each start, for 2 s of a core.
unexport PYTHONDONTWRITEBYTECODE
QUICKLY := --quiet --quiet --disable-pip-version-check --no-compile
# uv installs in a tenth of the time; where there is no uv, or it does not get through, pip does it.
INSTALL := install() { $(BIN)/uv pip install --quiet --python "$$1" "$${@:2}" || "$$1" -m pip install $(QUICKLY) "$${@:2}"; }; install
# Tests run three files at a time on two cores, for many of them wait, each with real programs beside it.
PYTEST_ARGS ?= --numprocesses=3 --dist=loadfile --no-loadscope-reorder

# Debian keeps mosquitto and the PostgreSQL server programs off an ordinary user's path.
export PATH := $(PATH):/usr/sbin:$(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin))):$(CURDIR)/$(VENV)/esphome/bin

.PHONY: demo test check clean

demo: $(VENV)/.sim $(VENV)/.compiled
	@exec $(BIN)/nightlight-sim demo $(if $(RECORDINGS),--recordings $(RECORDINGS))

test: $(VENV)/.dev $(VENV)/.compiled
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

$(BIN)/uv: | $(VENV)/bin/python
	@$(BIN)/python -m pip install $(QUICKLY) -c .ci/constraints.txt uv || true

# ESPHome wants other versions of what we use, so it has a place of its own. Only tests of firmware_config/esphome need it.
$(VENV)/.esphome: Makefile | $(BIN)/uv
	@echo "Installing $(ESPHOME) into $(VENV)/esphome, once"
	@$(BIN)/python -m venv $(VENV)/esphome
	@$(INSTALL) $(VENV)/esphome/bin/python $(ESPHOME)
	@touch $@

$(VENV)/.sim: | $(BIN)/uv
$(VENV)/.dev: $(VENV)/.sim
$(VENV)/.sim $(VENV)/.dev: $(VENV)/.%: pyproject.toml .ci/constraints.txt
	@echo "Installing what '$*' needs into $(VENV), once"
	@$(INSTALL) $(BIN)/python -c .ci/constraints.txt -e '.[$*]'
	@touch $@

# A loop that is woven into one of another file is kept compiled as it was when its own file changes: so all go.
$(VENV)/.compiled: $(wildcard models/detection/*.py) | $(VENV)/.sim
	@echo "Compiling the detectors; this takes about a minute, once"
	@rm -f models/detection/__pycache__/*.nb?
	@$(BIN)/python -c 'from hub.learned import shipped; from models.detection.engine import warm; warm(shipped().prior)'
	@touch $@
