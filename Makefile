# Two commands on a fresh machine: `make demo` and `make test`. Needs Python >= 3.11 and a network for packages.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PEOPLE ?= 3000
PORT ?= 8765

.PHONY: install demo test check bench fast lock catalogues clean help
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Lianyi needs Python 3.11 or newer; none was found on the PATH"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/run.stamp ## install only, to start with your own files

demo: $(VENV)/run.stamp ## install, build a demo brand, open the console, print URL and login
	$(BIN)/lianyi demo --people $(PEOPLE) --port $(PORT)

test: check ## everything that CI runs
	$(BIN)/python -m compileall -q src tests  # hundreds of processes start in the tests; some machines write no caches
	$(BIN)/python -m tests.machine
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 15

check: $(VENV)/dev.stamp ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: $(VENV)/dev.stamp ## tests without browser and slow ones
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not browser and not slow"

bench: $(VENV)/dev.stamp ## benchmarks at their full size; takes a while
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: ## resolve requirements/*.txt anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements/run.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements/run.txt -o requirements/dev.txt

clean: ## forget what was built
	rm -rf $(VENV) lianyi-demo lianyi-demo.truth .pytest_cache .mypy_cache .ruff_cache
