# Requires Rust, Node, npm and python3 with pip. `make help` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup dashboard build run test test-rust test-dashboard test-browser screenshots test-migrations test-mcp test-clients test-quick-start test-sdk test-sdk-typescript test-sdk-python bench bench-compare bench-search bench-ui fmt lint dist audit clean

# dev builds twice as fast as release and shares build artifacts with the tests; use PROFILE=release in production.
PROFILE ?= dev

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 28

setup: ## Download the embedded Postgres and the embedding model (110 MB, once)
	@.setup/runtime

# Tests wait for each other's locks, timers and processes a third of the time.
TEST_THREADS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))

# Continuous integration lints the crates while it compiles the tests (.setup/rustc).
CLIPPY := $(if $(RUSTC_WORKSPACE_WRAPPER),cargo test --locked --workspace --no-run,cargo clippy --locked --workspace --all-targets -- -D warnings)

# Python with the tools of sdk/python.
SDK_PYTHON := $(CURDIR)/.setup/sdk-python

# npm writes this file at the end of an installation.
NODE_MODULES := frontend/node_modules/.package-lock.json
MCP_MODULES := tests/conformance/node_modules/.package-lock.json
SDK_MODULES := sdk/typescript/node_modules/.package-lock.json
DASHBOARD_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune \
	-o -path frontend/tests -prune -o -type f -print 2>/dev/null)

$(NODE_MODULES): frontend/package-lock.json
	npm --prefix frontend ci --no-audit --no-fund
	@touch $@

frontend/dist/index.html: $(NODE_MODULES) $(DASHBOARD_SOURCES)
	npm --prefix frontend run build
	@touch $@

dashboard: frontend/dist/index.html ## Build the dashboard if its sources have changed

build: setup ## Build the server with the embedded dashboard
	@PROFILE=$(PROFILE) .setup/build

run: build ## Run Callboard on http://127.0.0.1:8080 with the embedded Postgres
	@PROFILE=$(PROFILE) .setup/run

test: lint test-dashboard test-rust test-browser test-mcp test-clients test-quick-start test-sdk ## Run all tests, including browser tests

lint: setup dashboard test-migrations $(SDK_MODULES) ## Check formatting, lints and types
	cargo fmt --all --check
	$(CLIPPY)
	npm --prefix frontend run lint
	npm --prefix frontend run typecheck
	npm --prefix sdk/typescript run lint
	npm --prefix sdk/typescript run typecheck
	npm --prefix sdk/typescript run types:check
	cd sdk/python && $(SDK_PYTHON) -m ruff check && $(SDK_PYTHON) -m ruff format --check && $(SDK_PYTHON) -m mypy

test-dashboard: $(NODE_MODULES) ## Test the dashboard without a browser
	npm --prefix frontend run test

test-rust: setup dashboard ## Run the unit and integration tests of the server
	cargo test --locked --workspace -- --test-threads=$(TEST_THREADS)

# Uses the test build of the server, because cargo build would compile the dependencies again.
test-browser: setup dashboard ## Test the dashboard in a browser
	cargo test --locked --test it --no-run
	.setup/browser-tests

screenshots: build ## Take the screenshots of the README and the guides again, from a demo
	CALLBOARD_DEMO=true .setup/browser-tests screenshots

test-migrations: ## Check the migrations for statements that lock busy tables
	.setup/squawk migrations/*.sql

$(MCP_MODULES): tests/conformance/package-lock.json
	npm --prefix tests/conformance ci --no-audit --no-fund
	@touch $@

test-mcp: setup dashboard $(MCP_MODULES) ## Test MCP with the official conformance suite and clients
	cargo test --locked --test it --no-run
	node tests/conformance/run.mjs

test-clients: setup dashboard ## Test the clients that are generated from the API's description
	cargo test --locked --test it --no-run
	node tests/clients/run.mjs

test-quick-start: setup dashboard ## Run the quick start of the README from an empty folder, and print how long each step takes
	cargo test --locked --test it --no-run
	node tests/quick-start/run.mjs

$(SDK_MODULES): sdk/typescript/package-lock.json
	npm --prefix sdk/typescript ci --no-audit --no-fund
	@touch $@

test-sdk: test-sdk-typescript test-sdk-python ## Test the client libraries in sdk/

test-sdk-typescript: setup dashboard $(SDK_MODULES) ## Test the TypeScript client, also through restarts and cut connections
	cargo test --locked --test it --no-run
	npm --prefix sdk/typescript run build
	npm --prefix sdk/typescript run test
	node tests/sdk/run.mjs sdk/typescript npm run test:server

test-sdk-python: setup dashboard ## Test the client for Python against a server
	cargo test --locked --test it --no-run
	cd sdk/python && $(SDK_PYTHON) -m pytest

# Flags such as BENCH="--quick" or BENCH="--only writes,fan-out".
bench: setup dashboard $(MCP_MODULES) ## Benchmark beside plain Postgres, and save the results (20 minutes)
	cargo run --locked --release --quiet -- bench --save target/bench/$$(date -u +%Y-%m-%dT%H%M%SZ).json $(BENCH)

# Results in OLD and NEW; defaults to the two newest.
bench-compare: ## Compare two benchmarks: OLD=file NEW=file
	cargo run --locked --release --quiet -- bench compare $(OLD) $(if $(NEW),$(if $(OLD),$(NEW),$(error NEW needs OLD)))

bench-search: setup dashboard ## Benchmark the quality and speed of search (15 minutes)
	cargo run --locked --release --quiet -- bench search $(BENCH_SEARCH)

# Compares with the newest result in target/bench-ui, or with OLD=file.
bench-ui: setup ## Measure the dashboard in a browser beside its aims (10 minutes)
	@PROFILE=release .setup/build
	@CALLBOARD_BIN=$${CARGO_TARGET_DIR:-target}/release/callboard CALLBOARD_EMBEDDING_PROVIDER=none BENCH_OLD=$(abspath $(OLD)) .setup/browser-tests bench

fmt: $(NODE_MODULES) $(SDK_MODULES) ## Format all sources
	cargo fmt --all
	npm --prefix frontend run format
	npm --prefix sdk/typescript run format
	cd sdk/python && $(SDK_PYTHON) scripts/generate_types.py && $(SDK_PYTHON) scripts/generate_sync.py && $(SDK_PYTHON) -m ruff format

dist: ## Build a release archive with bills of materials (CycloneDX) in dist/
	.setup/dist

audit: ## Check licences, sources and known vulnerabilities of the dependencies
	.setup/audit

clean: ## Remove build artifacts; keeps data and the runtime
	cargo clean
	rm -rf dist frontend/dist frontend/node_modules tests/conformance/node_modules sdk/typescript/dist sdk/typescript/node_modules
