# SPDX-License-Identifier: MIT
# Every target sets up .venv by itself.  Needs git, make, Python >= 3.11 with venv, and a package index for pip.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; override with `make PYTHON=/path/to/python test`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help demo test check bench cues programme first-hour stalls link soak hardware docs clean
.DEFAULT_GOAL := help

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/demo.ready ## the whole product with no hardware: a simulated run with one cue phase
	@$(BIN)/kneesense demo

test: $(VENV)/dev.ready ## all tests (KNEESENSE_DATA=folder adds those on recordings, see docs/data.md)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev.ready ## format, lint, types, firmware compiles for the ESP32, generated docs
	@$(BIN)/ruff format --check --quiet --output-format concise || { echo "fix it with: $(BIN)/ruff format"; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise
	@$(BIN)/mypy
	@$(BIN)/python tests/checks/firmware_types.py
	@$(BIN)/python tests/checks/firmware_compiles.py
	@$(BIN)/python tests/checks/docs_tables.py --check
	@$(BIN)/python tests/checks/docs_accuracy.py --check

programme: $(VENV)/dev.ready ## eight sessions of retraining with a runner who answers, host absent in six
	@PYTHONPATH=tests $(BIN)/python -m checks.programme

cues: $(VENV)/dev.ready ## ten thousand strides with cues through the real firmware: timing, gates
	@PYTHONPATH=tests $(BIN)/python -m checks.cues --strides 10000

stalls: $(VENV)/dev.ready ## ten minutes on each sensor chip while the program stands still now and then: is a sample lost?
	@PYTHONPATH=tests $(BIN)/python -m checks.stalls

link: $(VENV)/dev.ready ## a minute of all samples over open and saturated links: are all of them at the host, in order?
	@PYTHONPATH=tests $(BIN)/python -m checks.link

first-hour: $(VENV)/dev.ready ## from an empty virtual board to the first cue by the README's commands, timed
	@PYTHONPATH=tests $(BIN)/python -m checks.first_hour

soak: $(VENV)/dev.ready ## an hour with 500 faults at random moments and a million spoilt frames for each decoder
	@$(BIN)/kneesense soak
	@$(BIN)/kneesense soak --fuzz 1000000

bench: $(VENV)/dev.ready ## measure speed and latency against peers
	@$(BIN)/kneesense bench

hardware: $(VENV)/hardware.ready ## pictures, solids and tables of hardware/ (needs Graphviz's dot)
	@$(BIN)/python tests/checks/hardware.py --write

docs: $(VENV)/dev.ready ## the reference of what programs may import, into build/api
	@$(BIN)/python tests/checks/docs_api.py build/api

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# demo.ready installs the extra `demo`, dev.ready the extra `dev`.
$(VENV)/%.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing kneesense[$*] into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[$*]' || \
		{ echo "pip could not install the packages: is a package index reachable?"; exit 1; }
	@touch $@
