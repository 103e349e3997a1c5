# Each target is a line or two that anybody could type. `make help` lists them.

PYTHON ?= python3
BIN = .venv/bin
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --overrides requirements/overrides.txt --no-emit-index-url \
	--custom-compile-command "make lock" $(LOCK)

.DEFAULT_GOAL := help
.PHONY: help run test serve dev train services lint types contracts bench lock clean format

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: serve ## Start Stoa: the web server and the agents, on http://127.0.0.1:5000
	@exec $(BIN)/python run.py all

test: dev services lint types contracts ## Check everything: lint, types, contracts, and every test
	@echo "== Tests"
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

serve: python
	@$(PYTHON) scripts/environment.py serve

dev: python
	@$(PYTHON) scripts/environment.py dev

train: serve ## Install what tuning the embedding model needs: torch, on Linux with its GPU libraries (GBs)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: --no-deps \
		-r requirements/train.lock

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo "Stoa needs Python 3.11 or newer, and there is no $(PYTHON): apt install python3 python3-venv" >&2; exit 127; }

services: dev
	@echo "== Programs that tests drive"
	@$(BIN)/python -m scripts.programs

lint: dev ## Check style, formatting and licences
	@echo "== Lint"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/python -m scripts.licences

types: dev ## Check the types
	@echo "== Types"
	@$(BIN)/mypy

contracts: dev ## Check which package may import which
	@echo "== Import contracts"
	@$(BIN)/lint-imports --no-logo

bench: dev ## Measure, and write docs/benchmarks.md
	@$(BIN)/python -m bench

lock: dev ## Lock the packages anew; LOCK=--upgrade takes newer versions
	@$(COMPILE) requirements/installer.in -o requirements/installer.lock
	@$(COMPILE) requirements/serve.in -o requirements/serve.lock
	@$(COMPILE) requirements/dev.in -o requirements/dev.lock
	@$(COMPILE) requirements/train.in -o requirements/train.lock

format: dev ## Put the code into its form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## Remove what was made here, except your data and kept measurements (.cache)
	rm -rf .venv build .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
