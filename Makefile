SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Which Python .venv is made with; the first suitable one when not given.
PYTHON ?=
BIN := .venv/bin
# buf wants a place to write, and a home folder may not be one.
export BUF_CACHE_DIR := $(CURDIR)/.tools/buf
STAMP := .venv/.stamp
SCRIPTS = $(shell grep -d skip -l "^\#!/usr/bin/env bash" tools/*)
# Anything after ARGS= is handed to the command of the target: make test ARGS='-k etag'
ARGS ?=
# How many processes run tests: more than the two cores of a small machine, since tests wait for other processes a third
# of their time. A file stays in one of them, since its tests share a server: make test JOBS=1
JOBS ?= 3
PYTEST = $(BIN)/pytest $(if $(filter-out 1,$(JOBS)),--numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Environment

.PHONY: setup
setup: $(STAMP) ## Create .venv from the lock (quick when nothing changed)

$(STAMP): requirements.lock tools/bootstrap.lock pyproject.toml generated/python/pyproject.toml clients/python/pyproject.toml engine/pyproject.toml tools/setup tools/uv
	@PYTHON="$(PYTHON)" tools/setup
	@touch $@

.PHONY: lock
lock: setup ## Resolve the dependencies again and rewrite the lock files
	tools/lock $(ARGS)
	@$(MAKE) --no-print-directory setup

##@ Contract

.PHONY: third_party
third_party: third_party/.stamp

third_party/.stamp: requirements.lock tools/third_party.py tools/descriptor_source.py | $(STAMP)
	@$(BIN)/python tools/third_party.py
	@touch $@

.PHONY: generate
generate: setup third_party ## Rewrite stubs, descriptor set and API reference from protos/
	@tools/generate

.PHONY: docs
docs: setup ## Rewrite docs/api from the comments of the contract
	@$(BIN)/python tools/api_reference.py generated/descriptors.binpb docs/api

.PHONY: stubs
stubs: setup third_party ## Fail when what generate writes differs from what is committed
	@tools/generate --check

.PHONY: breaking
breaking: setup third_party ## Fail on a change of the contract that breaks callers of the last commit on main
	@tools/breaking $(ARGS)

##@ Checks

.PHONY: check
check: lint types imports stubs breaking ## Everything that needs no database: lint, types, imports, stubs, breaking

.PHONY: format
format: setup third_party ## Format Python and proto files
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format
	$(BIN)/buf format --write protos

.PHONY: lint
lint: setup third_party ## Lint Python, proto and shell files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/shellcheck .ci/run $(SCRIPTS)

.PHONY: types
types: setup ## Type-check everything, strictly
	$(BIN)/mypy $(ARGS)

.PHONY: imports
imports: setup ## Check who may import whom
	$(BIN)/lint-imports

.PHONY: sizes
sizes: setup ## Print the largest files and functions
	@$(BIN)/python tools/sizes.py

.PHONY: audit
audit: setup ## Look for known vulnerabilities in the locked dependencies
	@tools/audit

##@ Tests

.PHONY: test
test: setup ## Run every test; with ARGS pytest alone: make test ARGS='-k etag'
	@$(if $(ARGS),,tools/test-go && tools/test-ts)
	$(PYTEST) $(ARGS)

.PHONY: soak
soak: setup ## Run the tests that take minutes: all the real data, 100,000 events while everything is killed, random requests
	$(PYTEST) -m soak -rP $(ARGS)

.PHONY: conformance
conformance: setup ## Examine the rules engine: cases of CEL, hostile rules, random pairs: make conformance ARGS='--pairs 50000'
	@status=0; \
	$(BIN)/python -m tests.rules_engine.conformance || status=1; \
	$(BIN)/python -m tests.rules_engine.hostile || status=1; \
	$(BIN)/python -m tests.rules_engine.differential $(ARGS) || status=1; \
	exit $$status

.PHONY: coverage
coverage: setup ## Run every test, measure branch coverage, fail under 90 %
	@tools/test-go && tools/test-ts
	$(PYTEST) --cov $(ARGS)

.PHONY: again
again: setup ## Run the tests that failed in the last run of all once more, one after the other
	$(BIN)/pytest --last-failed --last-failed-no-failures none --cov --cov-append $(ARGS)

.PHONY: test-go
test-go: ## Build, vet and test the Go stubs, where Go is installed
	@tools/test-go

.PHONY: test-ts
test-ts: ## Type-check and test the TypeScript stubs, where npm is installed
	@tools/test-ts

.PHONY: grpcurl
grpcurl: ## Build grpcurl into .tools/bin, where Go is installed
	@tools/go-tools grpcurl

##@ Figures

.PHONY: bench
bench: setup ## Measure against references; some rows alone: make bench ARGS='get-company search'
	@$(BIN)/python -m bench $(ARGS)

##@ Service

.PHONY: run
run: setup ## Start the service with its own database on 127.0.0.1:50051
	@exec $(BIN)/function-backend serve $(ARGS)

.PHONY: clean
clean: ## Remove what can be made again: environment, caches, installed tools
	rm -rf .venv .tools third_party .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	rm -rf generated/typescript/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
