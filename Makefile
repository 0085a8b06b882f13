# Every target makes the environment it needs first; on a new machine Python 3.11 or later and make are enough.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done)
PORT   ?= 8501
TESTS  ?= tests
# Two processes more than processors: while some wait for a browser, a disk or a compiler, others work.
JOBS   ?= $(shell "$(PYTHON)" -c 'import os; print(2 + (os.cpu_count() or 1))')

# Without compiled modules beside the sources, each of the hundreds of processes that tests start compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench validate mutation docs journey soak lock clean

help: ## Show what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/installed ## Open the dashboard on this machine only (PORT=8501)
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/installed ## Run all tests and say what was skipped and why (TESTS=tests/engine JOBS=1 COVERAGE=1)
	$(BIN)/python -m pytest -rs $(if $(filter-out 1,$(JOBS)),-n $(JOBS) --dist worksteal) \
		$(if $(COVERAGE),--cov=incentive_lab --cov-report=term:skip-covered) $(TESTS)

lint: $(VENV)/installed ## Check style, formatting and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

bench: $(VENV)/installed ## Measure speed against the rivals; writes experiments/benchmarks/latest.json (BENCH=--quick)
	$(BIN)/python -m experiments.benchmarks $(BENCH)

docs: $(VENV)/installed ## Write what is generated anew (README outputs, docs/numbers.md, docs/mapping.md), then run every documented example
	$(BIN)/python -m tests.house.readme
	$(BIN)/python -m tests.docs.numbers
	$(BIN)/python -m tests.docs.mappings
	$(BIN)/python -m pytest tests/docs tests/house

validate: $(VENV)/installed ## Check the statistics of pilots slowly, and kill writers of the registry 200 times (VALIDATE="--draws 500")
	$(BIN)/python -m experiments.validation.registry
	$(BIN)/python -m experiments.validation.pilots $(VALIDATE)

mutation: $(VENV)/installed ## Change the kernel and the statistics a sign at a time: do the tests notice? Takes hours (MUTATION="--every 10")
	$(BIN)/python -m pip install --quiet --disable-pip-version-check cosmic-ray==8.7.0
	$(BIN)/python -m experiments.validation.mutation $(MUTATION)

journey: $(VENV)/installed ## Walk from an empty home to a reproduced decision in Chromium, with times (JOURNEY=--pictures)
	$(BIN)/python -m tests.journey $(JOURNEY)

soak: $(VENV)/installed ## Five browsers for half an hour; does memory stay flat? Writes experiments/validation/soak.json (MINUTES=5)
	$(BIN)/python -m tests.journey.soak $(if $(MINUTES),--minutes $(MINUTES))

lock: $(VENV)/installed ## Write requirements.txt anew from requirements.in (add UPGRADE=--upgrade for newer versions)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--no-annotate $(UPGRADE) requirements.in -o requirements.txt

clean: ## Remove the environment and what tools left behind; your histories and registry stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The locked packages first, then this project itself, so that `incentive-lab` is a command of the environment.
# --no-compile: most modules are never imported, and compiling all of them doubles the time this takes.
# --no-build-isolation keeps to the locked setuptools, so nothing outside requirements.txt is fetched.
$(VENV)/installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "On Debian and Ubuntu the module venv is the package python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(BIN)/python -V); this takes a minute the first time"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
