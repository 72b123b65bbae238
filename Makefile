# Two commands do all the set-up on a fresh Debian or Ubuntu machine: `make run` and `make test`.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
RUN_PACKAGES := libportaudio2
TEST_PACKAGES := libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins mosquitto mosquitto-clients postgresql \
                 openssl espeak-ng chromium poppler-utils fonts-dejavu-core cpulimit faketime
ARGS ?=

.PHONY: run test test-long lint bench docs audit clean help

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## Install what the node needs, then listen (ARGS="--source clip.wav" passes options)
	@$(BIN)/soundscape-monitor run $(ARGS)

test: $(VENV)/.test lint ## Everything a change must not break (under 15 minutes on 2 cores)
	$(BIN)/python -m pytest

test-long: $(VENV)/.test ## Kill, fleet and soak runs
	$(BIN)/python -m pytest -m long --timeout 5400

lint: $(VENV)/.test ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test ## All benchmarks beside their peers, put between the marks of docs/performance.md
	$(BIN)/python -m benchmarks

docs: $(VENV)/.test ## Regenerate the references that come from the code
	$(BIN)/python -m benchmarks.references

audit: $(VENV)/.run ## Ask the advisory service about known faults of what is installed (pip-audit in its own environment)
	@test -x $(VENV)/audit/bin/pip-audit || { $(BIN)/python -m venv $(VENV)/audit && \
	  $(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit; }
	@$(BIN)/python -m benchmarks.audit $(VENV)/audit/bin/pip-audit

$(VENV)/bin/python:
	@deploy/venv.sh $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	@deploy/packages.sh --optional $(RUN_PACKAGES)
	@echo "Installing the node into $(VENV) (first time only) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[broker,report]"
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@deploy/packages.sh $(TEST_PACKAGES)
	@echo "Installing the node, training and the tests into $(VENV) (first time only) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@ $(VENV)/.run

clean: ## Remove the virtual environment and what was built
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
