# The targets of the contract (design, section 4). Each installs what it needs; none needs root, Docker or an account.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FN     ?= notify-dispatch
TARGET  = $(subst -,_,$(FN))

.PHONY: known-function help install run demo test check audit supabase-check bench bench-quick soak soak-quick format bundle bundles function contract upgrade-check lock clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/.installed            ## make .venv with the pulser command in it

run: $(VENV)/.installed                ## everything, locally, until Ctrl-C
	@exec $(BIN)/pulser dev

demo: $(VENV)/.installed               ## the main job once, end to end
	@$(BIN)/pulser demo

test: $(VENV)/.installed-dev           ## all tests; build/coverage/ says what they reach
	@$(BIN)/pytest -n 2 -m storm $(STORMS)  # they measure nothing where others take the processor
	@$(BIN)/pytest -m "not platform and not storm" --cov --cov-report=html:build/coverage
# Named, because to collect all tests for these few takes each worker ten seconds.
STORMS = $(shell grep -rl --include='test_*.py' 'mark[.]storm' tests)

check: $(VENV)/.installed-dev          ## format, lint, types, import boundaries, known vulnerabilities of the lock
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tools.audit

audit: $(VENV)/.installed-dev          ## the last of these, which fails where nobody can be asked: before a deploy
	@$(BIN)/python -m tools.audit --required

PLATFORM := tests/platform/node_modules
supabase-check: $(VENV)/.installed-dev $(PLATFORM)/.installed  ## Supabase's own CLI and PostgREST (needs npm, and CI's Debian packages)
	@PULSER_POSTGREST=1 $(BIN)/pytest -n 2 --dist loadfile -m "" -k "platform or postgrest" tests/platform $(TRANSPORTS)
TRANSPORTS := $(wildcard tests/contract/test_database_transports*.py) tests/contract/test_database_keys.py

bench: $(VENV)/.installed-dev          ## pulser's times and costs beside others' (ten minutes); docs/performance.md shows them
	@$(BIN)/python -m bench

bench-quick: $(VENV)/.installed-dev    ## whether all of it still runs, in half a minute: no figure of it says anything
	@$(BIN)/python -m bench --quick

soak: $(VENV)/.installed-dev           ## ten minutes of load and random faults, then: is anything lost or double?
	@$(BIN)/python -m bench.soak 600 $(if $(SEED),--seed $(SEED))

soak-quick: $(VENV)/.installed-dev     ## the same with one minute of load; SEED=… makes the same choices again
	@$(BIN)/python -m bench.soak 60 --period 1.2 $(if $(SEED),--seed $(SEED))

format: $(VENV)/.installed-dev         ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bundle: known-function $(VENV)/.installed  ## build/<FN>/, a folder that deploys alone: make bundle FN=notify-dispatch
	@$(BIN)/python -m tools.bundle $(FN)

bundles: $(VENV)/.installed            ## the folders of all functions
	@$(BIN)/python -m tools.bundle $(patsubst functions/%/main.py,%,$(wildcard functions/*/main.py))

function: known-function $(VENV)/.installed  ## one function alone: make function FN=notify-dispatch
	@exec $(BIN)/functions-framework --source functions/$(FN)/main.py --target $(TARGET) --host 127.0.0.1

known-function:
	@test -f functions/$(FN)/main.py || { echo "There is no function $(FN). There are: $$(ls functions | tr '\n' ' ')" >&2; exit 2; }

contract: $(VENV)/.installed           ## write supabase/contract.json anew: only when a release is made (docs/upgrade.md)
	@$(BIN)/python -m tools.contract

upgrade-check: $(VENV)/.installed-dev  ## a release's code and tests on the schema of now: make upgrade-check FROM=v0.1.0
	@$(BIN)/python -m tools.contract.replay $(or $(FROM),$(error FROM names a release: a tag of git)) $(TESTS)

lock: $(VENV)/.installed-dev           ## write the requirements files anew: newest versions, no addresses
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile $(LOCK) --upgrade pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile $(LOCK) --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
LOCK := --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header

clean:                                 ## remove what the targets made
	@rm -rf $(VENV) $(PLATFORM) build .pulser .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pulser needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is incomplete here; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Not `npm ci`: it wants the packages of every platform in the lock file, and a registry may not have them all.
# The lock file has versions and checksums and no addresses, neither of registries ("resolved") nor of people ("funding").
$(PLATFORM)/.installed: tests/platform/package.json tests/platform/package-lock.json
	@npm install --prefix tests/platform --no-save --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing the tools for tests and checks …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
