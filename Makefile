# One door for each chore. `make demo` and `make test` do all their own set-up on a fresh machine:
# a virtual environment in .venv, uv through pip, the locked packages with their hashes, compiled bytecode.
# A second run finds it done.

VENV := .venv
BIN := $(VENV)/bin
OUT := demo-out
# Bytecode of the code and the rules as they were checked, whatever the environment says of writing bytecode.
COMPILE := $(BIN)/python -m compileall -q scanner && env -u PYTHONDONTWRITEBYTECODE $(BIN)/keyproof rules list >/dev/null
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode

.DEFAULT_GOAL := help
.PHONY: help demo test check style types layers docs-current format docs site lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.ready-to-run  ## scan the demo estate and write its report to demo-out/
	$(BIN)/keyproof demo --out $(OUT)

test: $(VENV)/.ready-to-develop  ## run the tests
	@sh .ci/components --check
	$(BIN)/python -m pytest -n 2

check: style types layers docs-current test  ## everything that must hold: style, types, layers, documents, tests

style: $(VENV)/.ready-to-develop  ## formatting and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.ready-to-develop  ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/.ready-to-develop  ## who may import whom
	$(BIN)/lint-imports

docs-current: $(VENV)/.ready-to-develop  ## generated documents are those that the code generates
	$(BIN)/python docs/generate.py --check

format: $(VENV)/.ready-to-develop  ## format the code and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.ready-to-develop  ## generate the documents again
	$(BIN)/python docs/generate.py

site: $(VENV)/.ready-to-develop  ## build the documents as a site in site/, offline; a broken link is an error
	$(BIN)/sphinx-build -q -W --keep-going -c docs -d build/doctrees . site
	@echo site/index.html

lock: $(VENV)/.ready-to-develop  ## resolve the locked packages again, without any host name
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --python-version 3.11 \
	  pyproject.toml --all-extras --group dev --group setup -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --python-version 3.11 \
	  pyproject.toml --extra demo -c requirements-dev.txt -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --group setup -c requirements-dev.txt -o requirements-setup.txt

clean:  ## remove the environment and everything generated outside docs/
	rm -rf $(VENV) $(OUT) build dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.ready-to-develop: $(VENV)/.environment requirements-dev.txt pyproject.toml
	$(UV) --require-hashes -r requirements-dev.txt
	$(UV) --no-deps --no-build-isolation --editable .
	$(COMPILE)
	@touch $@ $(VENV)/.ready-to-run

$(VENV)/.ready-to-run: $(VENV)/.environment requirements.txt pyproject.toml
	$(UV) --require-hashes -r requirements.txt
	$(UV) --no-deps --no-build-isolation --editable .
	$(COMPILE)
	@touch $@

$(VENV)/.environment: requirements-setup.txt
	@python=$$(sh .ci/python) && $$python -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.txt
	@touch $@
