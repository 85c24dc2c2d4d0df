# Two commands on a fresh machine: `make demo` and `make test`.
#
#   PYTHON   the Python that makes the environment (the newest supported one that runs, unless given)
#   VENV     where the environment goes

find_python = for p in python3.13 python3.12 python3.11 python3.10 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && exit; done

ifndef PYTHON
PYTHON := $(shell $(find_python))
endif
VENV ?= .venv
# The Azure CLI runs on the Pythons this does; 400 MB, so it has an environment of its own and is installed once.
AZURE_CLI ?= 2.91.0
AZ_VENV ?= .venv-az
LOCK_PYTHON ?= python3.10
LOCK_VENV ?= .venv-lock

BIN = $(VENV)/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock

.DEFAULT_GOAL := help
MUTATION_VENV ?= .venv-mutation
COSMIC_RAY ?= 8.7.0

.PHONY: help demo test check newer coverage-recipes conformance azure-cli faults bench lock mutation clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    the main job on the embedded Azure: dry run, apply, verify, apply again, rollback'
	@echo 'make test    every check: ruff, mypy, import-linter, pytest, branch coverage of the recipes'
	@echo 'make newer   on a further Python what it could change, after make test on another: PYTHON=..., VENV=...'
	@echo 'make conformance  the Azure CLI (AZURE_CLI=$(AZURE_CLI)) does by hand on the embedded Azure what the plans do'
	@echo 'make faults  every crash point of every plan, 10,000 seeded runs (RUNS=...), hostile files'
	@echo 'make mutation  changes one thing at a time in a copy: does a test fail? (PART=steps or engine, MUTANTS=...)'
	@echo 'make bench   requests, makespan and memory for 1 to 1,000 servers, in virtual time'
	@echo 'make lock    write requirements.lock anew (needs Python 3.10: LOCK_PYTHON=...)'
	@echo 'make clean   remove the environments and caches'

demo: $(VENV)/.installed-demo
	$(BIN)/cmk-remediate demo

test: check coverage-recipes

check: $(VENV)/.installed-test
	$(BIN)/python --version
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# What another Python could change: all but the suites that count cases (lives, deaths, seeds, drift, hostile files) and those of the pages.
ELSEWHERE = assessment cli connection e2e/test_every_plan.py e2e/test_lifecycle.py e2e/test_evidence.py engine inventory packaging planfile recipes report services simulator
newer: $(VENV)/.installed-test
	$(BIN)/python --version
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ELSEWHERE:%=tests/%)

# The judgements of steps, limits and recipes are covered whole by their JSON tables alone.
coverage-recipes: $(VENV)/.installed-test
	$(BIN)/coverage run --branch --data-file=$(VENV)/.coverage-recipes -m pytest -q tests/recipes
	$(BIN)/coverage report --data-file=$(VENV)/.coverage-recipes --fail-under=100 \
		--include='cmk_remediate/services/*,cmk_remediate/steps/*'

# Azure's own command line against the embedded Azure: the scripts of tests/conformance/by_hand, and what they leave compared.
conformance: $(VENV)/.installed-test azure-cli
	@echo 'azure-cli $(AZURE_CLI) from $(AZ_VENV)'
	CMK_REMEDIATE_AZ=$(abspath $(AZ_VENV)/bin/az) $(BIN)/python -m pytest -v tests/conformance

azure-cli: $(AZ_VENV)/.installed-$(AZURE_CLI)

# Every crash point of every plan, every line of it changed by another, and RUNS seeded mixes of faults; takes long.
faults: $(VENV)/.installed-test
	$(BIN)/python -m tests.drift
	$(BIN)/python -m tests.faults $(RUNS)
	CMK_REMEDIATE_HOSTILE=1000 $(BIN)/python -m pytest -q tests/hostile

# One thing changed at a time in a copy of the checkout: does a test fail? PART is steps or engine; MUTANTS draws so many, and may
# hold options: "600 --minutes 70", "--again".
mutation: PART ?= steps
mutation: $(MUTATION_VENV)/.installed
	$(MUTATION_VENV)/bin/python -m tests.mutation $(PART) $(MUTANTS)

bench: $(VENV)/.installed-test
	$(BIN)/python -m tests.bench

# Pinned on the oldest Python, so that the same versions install on all of them.
lock:
	$(LOCK_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10) and "LOCK_PYTHON has to be Python 3.10")'
	$(LOCK_PYTHON) -m venv --clear $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[blob,cli,report,simulator,test]'
	{ echo '# Written by `make lock`: every dependency, all extras, on the oldest supported Python.'; \
	  $(LOCK_VENV)/bin/python -m pip --disable-pip-version-check freeze --exclude-editable --exclude pip --exclude setuptools; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	rm -rf $(LOCK_VENV)

clean:
	rm -rf .venv .venv-* build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'No Python 3.10 to 3.13 found: make ... PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp says what is installed: made anew only when the dependencies change.
$(VENV)/.installed-demo: pyproject.toml requirements.lock | $(BIN)/python
	$(PIP_INSTALL) --editable '.[cli,simulator]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml requirements.lock | $(BIN)/python
	$(PIP_INSTALL) --editable '.[blob,cli,report,simulator,test]'
	@touch $@ $(VENV)/.installed-demo

# Compiling all of it takes longer than installing it; az compiles the little it loads.
$(AZ_VENV)/.installed-$(AZURE_CLI):
	@test -n '$(PYTHON)' || { echo 'No Python 3.10 to 3.13 found: make ... PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(AZ_VENV)
	$(AZ_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile 'azure-cli==$(AZURE_CLI)'
	@touch $@

$(MUTATION_VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(MUTATION_VENV)
	$(MUTATION_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock \
		--editable '.[cli,simulator,test]' cosmic-ray==$(COSMIC_RAY)
	@touch $@
