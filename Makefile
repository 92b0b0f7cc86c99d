SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv --quiet
STAMP := .venv/.stamp
# Anything after ARGS= is handed to the command of the target: make test ARGS='-k etag'
ARGS ?=

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Environment

.PHONY: setup
setup: $(STAMP) ## Create .venv from the lock (quick when nothing changed)

$(STAMP): requirements.lock tools/bootstrap.lock pyproject.toml generated/python/pyproject.toml clients/python/pyproject.toml tools/setup
	@PYTHON="$(PYTHON)" tools/setup
	@touch $@

.PHONY: lock
lock: $(BIN)/uv ## Resolve the dependencies again and rewrite the lock files
	tools/lock $(ARGS)
	@$(MAKE) --no-print-directory setup

##@ Contract

.PHONY: generate
generate: setup ## Rewrite stubs, descriptor set and API reference from protos/
	@tools/generate

.PHONY: stubs
stubs: setup ## Fail when what generate writes differs from what is committed
	@tools/generate --check
