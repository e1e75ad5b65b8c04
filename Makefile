.PHONY: setup
setup: ## Fetch the embedded Postgres (once; instant afterwards)
	@.setup/runtime
