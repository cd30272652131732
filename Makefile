# What there is to do: make help. Needs Python 3.11 or newer with venv, and make; nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DONE   := $(VENV)/.installed
RUN    := $(BIN)/python -m

BENCHES := $(patsubst tests/bench/bench_%.py,%,$(sort $(wildcard tests/bench/bench_*.py)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test test-long chaos check format bench migration clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DONE) ## install everything into .venv (done once, and again when versions change)

demo: $(DONE) ## make a demo company and live through its last 60 days
	$(BIN)/stammkunde demo $(ARGS)

# Tests are compiled once, also where somebody's environment keeps Python from writing that down.
test: export PYTHONDONTWRITEBYTECODE =
test: $(DONE) ## run the tests
	$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: export LONG := 1
test-long: test ## run them with all that is cut short otherwise: more cases, whole data sets, longer storms

chaos: $(DONE) ## kill senders and whole days a thousand times: nothing lost, nothing twice
	$(RUN) tests.chaos $(ARGS)

check: $(DONE) ## look at form, types and layers
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(BIN)/lint-imports

format: $(DONE) ## put the code into its usual form
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

bench: $(BENCHES:%=bench-%) ## measure everything; one thing alone: make bench-NAME

bench-%: $(DONE)
	$(RUN) tests.bench.bench_$(subst -,_,$*)

migration: $(DONE) ## draft the next migration of the tables: make migration TITLE="..."
	@test -n "$(TITLE)" || { echo 'Say what changes: make migration TITLE="Orders know their channel"'; exit 2; }
	$(RUN) flows.store.migrations.draft "$(TITLE)"

clean: ## remove what was installed, built and tried out (never var/, your data)
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find flows segments tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(DONE): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo 'There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python'; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stammkunde needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo '$(PYTHON) comes without venv. On Debian and Ubuntu: apt-get install python3-venv'; exit 2; }
	$(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(RUN) pip install --disable-pip-version-check --progress-bar off -c constraints.txt -e ".[dev]"
	@touch $@
